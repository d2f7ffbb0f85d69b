import numpy as np
import pytest

from tasks.denoising import EmbeddedDenoising
from tasks.errors import InputError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.numerics.shells import fourier_shell_correlation


def contrast_to_noise(volume, truth):
    inside, outside = truth < truth.min() / 3, truth > truth.min() / 1000
    return (volume[outside].mean() - volume[inside].mean()) / volume[outside].std()


@pytest.mark.parametrize(("seed", "use_halves", "gain"), [(301, True, 2), (302, True, 2), (303, False, 1.3)])
def test_contrast_rises_and_no_shell_loses_truth(noisy, tmp_path, seed, use_halves, gain):
    made = noisy(seed)
    found = EmbeddedDenoising(use_halves=use_halves).denoise(made.tomogram, tmp_path / "out")
    before, after = read_volume(made.tomogram.path), read_volume(found.path)
    assert contrast_to_noise(after, made.truth) > gain * contrast_to_noise(before, made.truth)
    curves = [fourier_shell_correlation(volume, made.truth)[1:9] for volume in (before, after)]
    assert (curves[1] > curves[0] - 0.03).all()
    assert curves[1].mean() > curves[0].mean()


def test_signal_without_noise_passes(noisy, tmp_path):
    made = noisy(304, level=1e-4)
    found = EmbeddedDenoising().denoise(made.tomogram, tmp_path / "out")
    np.testing.assert_allclose(read_volume(found.path), made.truth, atol=0.02 * np.ptp(made.truth))


def test_noise_without_signal_is_weakened_and_gains_no_features(noisy, tmp_path):
    made = noisy(305)
    random = np.random.default_rng(305)
    for path in (made.tomogram.even, made.tomogram.odd):
        write_mrc(path, random.normal(size=made.truth.shape).astype(np.float32), 10.0)
    whole = (read_volume(made.tomogram.even) + read_volume(made.tomogram.odd)) / 2
    write_mrc(made.tomogram.path, whole, 10.0)
    found = read_volume(EmbeddedDenoising().denoise(made.tomogram, tmp_path / "out").path)
    assert found.std() < 0.25 * whole.std()


def test_the_same_input_gives_the_same_file_and_describes_it(noisy, tmp_path):
    made = noisy(306)
    first, second = (EmbeddedDenoising().denoise(made.tomogram, tmp_path / name) for name in ("a", "b"))
    assert first.path.read_bytes() == second.path.read_bytes()
    assert header(first.path).pixel_size == pytest.approx(10.0)
    assert header(first.path).shape == first.shape == made.tomogram.shape
    assert first.even is None
    assert first.program.startswith("cryoem-flows ")


def test_a_tomogram_without_halves_is_denoised_by_itself(noisy, tmp_path):
    made = noisy(307)
    alone = made.tomogram.model_copy(update={"odd": None})
    found = EmbeddedDenoising().denoise(alone, tmp_path / "alone")
    same = EmbeddedDenoising(use_halves=False).denoise(made.tomogram, tmp_path / "same")
    np.testing.assert_array_equal(read_volume(found.path), read_volume(same.path))


def test_refuses_halves_of_another_size(noisy, tmp_path):
    made = noisy(308)
    write_mrc(made.tomogram.odd, np.ones((40, 48, 40), np.float32), 10.0)
    with pytest.raises(InputError, match=r"odd_308\.mrc: 40 x 48 x 40 voxels; expected 44 x 48 x 40"):
        EmbeddedDenoising().denoise(made.tomogram, tmp_path / "out")


def test_refuses_voxels_that_are_not_finite_and_leaves_nothing(noisy, tmp_path):
    made = noisy(309)
    with made.tomogram.even.open("r+b") as file:
        file.seek(1024 + 400)
        file.write(np.float32(np.nan).tobytes())
    with pytest.raises(InputError, match=r"even_309\.mrc: voxels that are not finite"):
        EmbeddedDenoising().denoise(made.tomogram, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
