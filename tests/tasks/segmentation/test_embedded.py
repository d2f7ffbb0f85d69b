import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.segmentation import EmbeddedSegmentation

TOOL = EmbeddedSegmentation(smallest_area=15_000)


def labels_of(made, tmp_path, tool=TOOL):
    return tool.segment(made.tomogram, tmp_path / "out").features[0]


@pytest.mark.parametrize(("seed", "voxel_size"), [(801, 10.0), (802, 10.0), (803, 5.0)])
def test_a_vesicle_is_found_and_compact_particles_are_not(made, tmp_path, seed, voxel_size):
    vesicle = made(seed, voxel_size)
    found = read_volume(labels_of(vesicle, tmp_path).labels) > 0
    assert (vesicle.distance[found] < 40).mean() > 0.9
    assert found[vesicle.distance < 15].mean() > 0.6


def test_noise_has_no_membranes(made, tmp_path):
    vesicle = made(804)
    grains = np.random.default_rng(804).normal(size=vesicle.tomogram.shape)
    write_mrc(vesicle.tomogram.path, grains.astype(np.float32), 10.0)
    membrane = labels_of(vesicle, tmp_path)
    assert membrane.fraction == 0
    assert membrane.parts == 0


def test_labels_are_on_the_voxels_of_the_tomogram_and_number_the_parts(made, tmp_path):
    vesicle = made(805, 7.0)
    result = TOOL.segment(vesicle.tomogram, tmp_path / "out")
    membrane = result.features[0]
    labels = read_volume(membrane.labels)
    assert labels.shape == result.shape == vesicle.tomogram.shape
    assert header(membrane.labels).pixel_size == pytest.approx(7.0)
    assert membrane.name == "membrane"
    assert set(np.unique(labels)) == set(range(membrane.parts + 1))
    assert membrane.fraction == pytest.approx((labels > 0).mean(), rel=1e-6)
    assert result.program.startswith("cryoem-flows ")


def test_the_scale_and_offset_of_the_grey_values_do_not_matter(made, tmp_path):
    vesicle = made(806)
    first = read_volume(labels_of(vesicle, tmp_path).labels)
    write_mrc(vesicle.tomogram.path, read_volume(vesicle.tomogram.path) * 1000 + 5, 10.0)
    second = read_volume(labels_of(vesicle, tmp_path).labels)
    assert ((first > 0) != (second > 0)).mean() < 1e-3


def test_refuses_voxels_on_which_no_membrane_can_be_seen(made, tmp_path):
    coarse = made(807).tomogram.model_copy(update={"voxel_size": 40.0})
    with pytest.raises(InputError, match=r"voxels of 40\.0 A; expected at most 25 A"):
        TOOL.segment(coarse, tmp_path)


@pytest.mark.parametrize(("value", "words"), [(np.nan, "not finite"), (1.0, "the same number")])
def test_refuses_what_is_no_image(made, tmp_path, value, words):
    vesicle = made(808)
    with vesicle.tomogram.path.open("r+b") as file:
        file.seek(1024)
        file.write(np.full(vesicle.tomogram.shape, value, np.float32).tobytes())
    with pytest.raises(InputError, match=words):
        TOOL.segment(vesicle.tomogram, tmp_path)


def test_refuses_a_tomogram_of_another_size(made, tmp_path):
    other = made(809).tomogram.model_copy(update={"shape": (3, 4, 5)})
    with pytest.raises(InputError, match="62 x 64 x 56 voxels; expected 5 x 4 x 3"):
        TOOL.segment(other, tmp_path)
