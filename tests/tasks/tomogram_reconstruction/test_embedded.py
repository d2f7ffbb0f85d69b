from pathlib import Path

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.tomogram_reconstruction import EmbeddedReconstruction

TOOL = EmbeddedReconstruction(binning=1, thickness=260, halves=False)


def offsets(volume, beads, voxel_size, reach=5):
    """Return how far each bead's centre of mass is from the truth, in voxels."""
    found = []
    for place in beads.places:
        true = place[::-1] / voxel_size + np.array(volume.shape) // 2
        first = np.rint(true).astype(int) - reach
        cube = -volume[tuple(slice(start, start + 2 * reach + 1) for start in first)]
        cube = np.clip(cube - 0.3 * cube.max(), 0, None)
        centre = [(index * cube).sum() / cube.sum() for index in np.indices(cube.shape)]
        found.append(np.array(centre) + first - true)
    return np.array(found)


def agreement(volume, beads, voxel_size):
    return np.corrcoef(volume.ravel(), beads.volume(volume.shape, voxel_size).ravel())[0, 1]


@pytest.mark.parametrize("axis", [0.0, 85.0, -93.7, 130.0, 182.5])
def test_beads_are_where_they_were_for_every_direction_of_the_tilt_axis(record, tmp_path, axis):
    recorded = record(axis=axis, angles=range(-60, 61, 10))
    tomogram = TOOL.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert np.abs(offsets(read_volume(tomogram.path), recorded.beads, tomogram.voxel_size)).max() < 0.25


@pytest.mark.parametrize(("shape", "binning"), [((193, 226), 2), ((199, 225), 2), ((198, 225), 3)])
def test_binning_by_any_number_keeps_beads_in_place(record, tmp_path, shape, binning):
    recorded = record(shape=shape, angles=range(-60, 61, 10))
    tool = TOOL.model_copy(update={"binning": binning, "thickness": 400})
    tomogram = tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert tomogram.shape == (round(400 / 5 / binning), shape[1] // binning, shape[0] // binning)
    assert header(tomogram.path).pixel_size == pytest.approx(5.0 * binning)
    assert np.abs(offsets(read_volume(tomogram.path), recorded.beads, tomogram.voxel_size, 3)).max() < 0.3


@pytest.mark.parametrize("options", [{}, {"weighting": "ramp"}, {"sirt_iterations": 30}])
def test_the_volume_has_the_right_hand_and_dark_beads(record, tmp_path, options):
    recorded = record()
    tomogram = TOOL.model_copy(update=options).reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    volume = read_volume(tomogram.path)
    assert agreement(volume, recorded.beads, 5.0) > 0.8
    for axis in range(3):
        assert agreement(np.flip(volume, axis), recorded.beads, 5.0) < 0.4


def test_halves_are_of_even_and_odd_frames_where_there_are_any(record, tmp_path):
    recorded = record(noise=0.2, halves=True)
    tool = TOOL.model_copy(update={"halves": True})
    tomogram = tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    even, odd = read_volume(tomogram.even), read_volume(tomogram.odd)
    assert np.corrcoef((even + odd).ravel(), read_volume(tomogram.path).ravel())[0, 1] > 0.99
    assert 0.1 < np.corrcoef(even.ravel(), odd.ravel())[0, 1] < 0.9
    assert 10 < tomogram.resolution < 100


def test_halves_are_of_every_second_tilt_otherwise_and_add_up(record, tmp_path):
    recorded = record(noise=0.3)
    tool = TOOL.model_copy(update={"halves": True})
    tomogram = tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    mean = (read_volume(tomogram.even) + read_volume(tomogram.odd)) / 2
    np.testing.assert_allclose(mean, read_volume(tomogram.path), atol=1e-6)
    alone = TOOL.reconstruct(recorded.series, recorded.alignment, tmp_path / "alone")
    np.testing.assert_allclose(mean, read_volume(alone.path), atol=1e-5)
    assert alone.even is None
    assert alone.resolution is None


def test_threads_change_nothing(record, tmp_path):
    recorded = record(angles=range(-60, 61, 20), noise=0.3)
    volumes = [
        TOOL.model_copy(update={"threads": threads})
        .reconstruct(recorded.series, recorded.alignment, tmp_path / str(threads))
        .path.read_bytes()
        for threads in (1, 3)
    ]
    assert volumes[0] == volumes[1]


def test_only_aligned_tilts_are_used(record, tmp_path):
    recorded = record(angles=range(-60, 61, 10))
    path = recorded.series.images[3].micrograph.path
    write_mrc(path, np.random.default_rng(1).normal(size=(96, 112)).astype(np.float32), 5.0)
    rest = tuple(tilt for tilt in recorded.alignment.tilts if tilt.name != "tilt3")
    alignment = recorded.alignment.model_copy(update={"tilts": rest})
    tomogram = TOOL.reconstruct(recorded.series, alignment, tmp_path / "out")
    assert agreement(read_volume(tomogram.path), recorded.beads, 5.0) > 0.7


def test_the_default_thickness_is_half_of_the_shorter_side(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = EmbeddedReconstruction(binning=2, halves=False)
    assert tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out").shape == (24, 56, 48)


def test_refuses_fewer_than_three_tilts(record, tmp_path):
    recorded = record(angles=(-20, 20))
    with pytest.raises(InputError, match=r"ts: 2 aligned tilts; expected at least 3"):
        TOOL.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_refuses_an_alignment_of_other_tilts(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    series = recorded.series.model_copy(update={"images": recorded.series.images[:2]})
    with pytest.raises(InputError, match="alignment of tilt2"):
        TOOL.reconstruct(series, recorded.alignment, tmp_path / "out")


def test_refuses_images_of_different_sizes_and_names_the_file(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    write_mrc(recorded.series.images[1].micrograph.path, np.ones((96, 100), np.float32), 5.0)
    with pytest.raises(InputError, match=r"tilt1\.mrc: 100 x 96 pixels.*expected 112 x 96"):
        TOOL.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


@pytest.mark.parametrize(("value", "said"), [(np.nan, "not finite"), (3.0, "3 everywhere")])
def test_refuses_an_image_without_meaning_and_leaves_nothing(record, tmp_path, value, said):
    recorded = record(angles=(-20, 0, 20))
    path = recorded.series.images[2].micrograph.path
    image = np.full((96, 112), 3.0, np.float32)
    with path.open("r+b") as file:
        file.seek(1024)
        image[5, 5] = value
        file.write(image.tobytes())
    with pytest.raises(InputError, match=rf"tilt2\.mrc.*{said}"):
        TOOL.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_refuses_to_fill_the_disk(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = TOOL.model_copy(update={"thickness": 1e12})
    with pytest.raises(InputError, match=r"GB free; expected .* GB for the volumes"):
        tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_a_folder_that_cannot_be_made_is_named(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file/out"):
        TOOL.reconstruct(recorded.series, recorded.alignment, Path(tmp_path / "file" / "out"))
