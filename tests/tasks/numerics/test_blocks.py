import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tasks.numerics.blocks import MARGIN, padded, sections
from tasks.numerics.fourier import even_length


@pytest.mark.parametrize("shape", [(10, 37, 90), (70, 20, 64)])
def test_blocks_give_what_the_whole_gives(shape):
    volume = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    found = np.stack(list(sections([volume], lambda blocks: gaussian_filter(blocks[0], 3), largest=MARGIN * 2 + 16)))
    np.testing.assert_allclose(found, gaussian_filter(volume, 3, mode="reflect"), atol=1e-5)


def test_blocks_have_even_lengths_and_mirrored_margins():
    volume = np.arange(5 * 6 * 7, dtype=np.float32).reshape(5, 6, 7)
    block = padded(volume, ((0, 5), (0, 6), (2, 5)))
    assert all(length % 2 == 0 for length in block.shape)
    inner = block[MARGIN : MARGIN + 5, MARGIN : MARGIN + 6, MARGIN : MARGIN + 3]
    np.testing.assert_array_equal(inner, volume[:, :, 2:5])
    np.testing.assert_array_equal(block[MARGIN - 1, MARGIN, MARGIN : MARGIN + 3], volume[0, 0, 2:5])


@pytest.mark.parametrize("length", [1, 7, 33, 129, 243])
def test_lengths_are_even_and_no_smaller(length):
    assert even_length(length) % 2 == 0
    assert length <= even_length(length) <= 2 * length
