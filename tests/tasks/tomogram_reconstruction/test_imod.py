import numpy as np
import pytest
from stand_ins.imod import install_imod
from stand_ins.installing import calls

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import read_volume
from tasks.formats.xf import write_xf
from tasks.tilt_series_alignment.conventions import to_imod
from tasks.tomogram_reconstruction import ImodReconstruction
from tasks.tomogram_reconstruction.tilt_images import aligned_images


@pytest.fixture
def imod(tmp_path):
    folder = install_imod(tmp_path / "imod")
    return ImodReconstruction(
        executable=str(folder / "tilt"), newstack=str(folder / "newstack"), binning=2, thickness=400
    )


def with_transforms(recorded, shape):
    write_xf(recorded.alignment.transforms, [to_imod(tilt, 5.0, shape) for tilt in recorded.alignment.tilts])
    return recorded


def off_centre(volume, place):
    """Return z, y and x in voxels of the middle of a bead from where it should be."""
    nearest = [round(value / 10) + length // 2 for value, length in zip(place[::-1], volume.shape, strict=True)]
    window = np.ix_(*(range(middle - 2, middle + 3) for middle in nearest))
    weights = np.clip(-volume[window], 0, None)
    middles = (np.tensordot(weights, grid, 3) / weights.sum() for grid in np.indices(weights.shape) - 2)
    return [
        middle + start - length // 2 - value / 10
        for middle, start, length, value in zip(middles, nearest, volume.shape, place[::-1], strict=True)
    ]


@pytest.mark.parametrize(
    ("axis", "images", "shape"),
    [(85.0, (96, 112), (40, 56, 48)), (-4.0, (96, 112), (40, 48, 56)), (-4.0, (99, 115), (40, 49, 57))],
)
def test_its_slices_become_sections_that_show_the_same_specimen(record, imod, tmp_path, *, axis, images, shape):
    recorded = with_transforms(record(images, axis=axis), images)
    tomogram = imod.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert tomogram.shape == shape
    assert (tomogram.voxel_size, tomogram.program) == (10.0, "IMOD 4.11.25")
    found = read_volume(tomogram.path)
    expected = recorded.beads.volume(tomogram.shape, tomogram.voxel_size)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.8
    for mirrored in (expected[::-1], expected[:, ::-1], expected[:, :, ::-1]):
        assert np.corrcoef(found.ravel(), mirrored.ravel())[0, 1] < 0.3
    aside = np.abs([off_centre(found, place) for place in recorded.beads.places])
    assert np.median(aside, axis=0).max() < 0.05
    assert aside[:, 1:].max() < 0.05


def test_halves_are_made_by_the_same_transforms(record, imod, tmp_path):
    recorded = with_transforms(record(halves=True, angles=range(-60, 61, 20)), (96, 112))
    tomogram = imod.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert [path.name for path in (tomogram.path, tomogram.even, tomogram.odd)] == [
        *("ts_rec.mrc", "ts_EVN_rec.mrc", "ts_ODD_rec.mrc"),
    ]
    assert tomogram.resolution is not None
    asked = calls(tmp_path / "imod" / "bin" / "newstack")
    assert [lines[1] for lines in asked] == [
        "InputFile\ttilts.mrc",
        "InputFile\ttilts_EVN.mrc",
        "InputFile\ttilts_ODD.mrc",
    ]
    assert {tuple(lines[:1] + lines[2:]) for lines in asked} == {tuple(asked[0][:1] + asked[0][2:])}
    assert not list((tmp_path / "out").glob(".*"))


def test_what_is_asked_is_whole(record):
    recorded = record(angles=(-20, 0, 20))
    images = aligned_images(recorded.series, recorded.alignment)
    tool = ImodReconstruction(binning=2, thickness=1200, sirt_iterations=10, gpu=0)
    assert tool.aligning(images, "tilts.mrc") == [
        *("AntialiasFilter\t-1", "InputFile\ttilts.mrc", "OutputFile\ttilts_ali.mrc", "TransformFile\ttilts.xf"),
        *("TaperAtFill\t1,1", "AdjustOrigin", "SizeToOutputInXandY\t48,56", "OffsetsInXandY\t0,0"),
        *("ImagesAreBinned\t1", "BinByFactor\t2", "ModeToOutput\t2"),
    ]
    assert tool.projecting(images, "tilts_rec.mrc") == [
        *("InputProjections tilts_ali.mrc", "OutputFile tilts_rec.mrc", "IMAGEBINNED 2", "TILTFILE tilts.tlt"),
        *("THICKNESS 240", "FalloffIsTrueSigma 1", "XAXISTILT 0", "SCALE 0.0 1.0", "PERPENDICULAR", "MODE 2"),
        *("FULLIMAGE 96 112", "SUBSETSTART 0 0", "AdjustOrigin", "OFFSET 0", "SHIFT 0 0", "RADIAL 0.35 0.035"),
        *("FakeSIRTiterations 10", "UseGPU 0", "ActionIfGPUFails 1,2"),
    ]


def test_refuses_transforms_of_other_images(record, imod, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    write_xf(recorded.alignment.transforms, [to_imod(recorded.alignment.tilts[0], 5.0, (96, 112))])
    with pytest.raises(InputError, match="1 transforms; expected one for each of 3 aligned tilts"):
        imod.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_a_program_that_is_not_there_is_an_error(record, tmp_path):
    recorded = with_transforms(record(angles=(-20, 0, 20)), (96, 112))
    with pytest.raises(CommandError, match="was not found"):
        ImodReconstruction(executable="/no/tilt").reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_a_volume_that_was_not_written_is_an_error(record, imod, tmp_path):
    recorded = with_transforms(record(angles=(-20, 0, 20)), (96, 112))
    program = tmp_path / "imod" / "bin" / "tilt"
    program.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(ResultError, match=r"tilt ended well but did not write tilts_rec\.mrc"):
        imod.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
