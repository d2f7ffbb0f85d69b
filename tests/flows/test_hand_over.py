import numpy as np
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.hand_over import series_in
from tasks.errors import InputError
from tasks.formats.mrc import write_mrc
from tasks.formats.star import read_table
from tasks.models import Alignment, ImagedTiltSeries, Micrograph, Tilt, TiltAlignment, TiltImage
from tasks.tomogram_reconstruction import EmbeddedReconstruction, reconstruct_tomogram


@pytest.fixture
def results(tmp_path):
    """The results of a run: a tomogram of four tilts, of which one was left out."""
    random = np.random.default_rng(4)
    path = tmp_path / "stack.mrc"
    write_mrc(path, random.normal(size=(4, 40, 40)).astype(np.float32), 10.0, stack=True)
    images = []
    for section, angle in enumerate((-40.0, 0.0, 20.0, 40.0)):
        micrograph = Micrograph(path=path, pixel_size=10.0, section=section)
        tilt = Tilt(name=f"t{section}", angle=angle, number=section + 1, pre_exposure=3.0 * section, source=micrograph)
        images.append(TiltImage(tilt=tilt, micrograph=micrograph))
    series = ImagedTiltSeries(name="ts_01", images=tuple(images), tilt_axis_angle=84.0)
    tilts = tuple(
        TiltAlignment(name=image.tilt.name, angle=image.tilt.angle, axis_angle=84.0, displacement=(5.0, 7.0))
        for image in images[:3]
    )
    transforms = tmp_path / "tilt_series_alignment" / "ts_01.xf"
    alignment = Alignment(tilts=tilts, tilt_axis_angle=84.0, score=1, transforms=transforms, program="truth")
    tool = EmbeddedReconstruction(binning=1, halves=False, thickness=100)
    folder = tmp_path / "run" / "tomogram_reconstruction"
    return reconstruct_tomogram.fn(series, alignment, tool, folder), series, alignment, tmp_path / "run"


def test_the_records_of_a_run_tell_its_series_again(results):
    tomogram, series, alignment, folder = results
    (found,) = series_in(folder)
    assert found.alignment == alignment
    assert found.tomogram == tomogram
    assert [tilt.name for tilt in found.series.tilts] == ["t0", "t1", "t2", "t3"]
    assert found.series.tilts[3].source == series.images[3].micrograph
    # The folder of a session has one folder for each series.
    assert series_in(folder.parent) == [found]


def test_a_folder_is_handed_over_to_warp(results):
    *_, folder = results
    answer = CliRunner().invoke(app, ["hand-over", "warp", str(folder)])
    assert answer.exit_code == 0, answer.output
    assert f"1 tilt series in {folder / 'warp'}" in answer.output
    rows = read_table(folder / "warp" / "tomostar" / "ts_01.tomostar", "")
    assert list(rows["wrpAngleTilt"]) == [-20.0, 0.0, 40.0]
    assert (folder / "warp" / "warp_frameseries" / "average" / "ts_01_t0.mrc").is_file()


def test_a_folder_is_handed_over_to_relion(results, tmp_path):
    *_, folder = results
    target = tmp_path / "elsewhere"
    answer = CliRunner().invoke(app, ["hand-over", "relion", str(folder), "--folder", str(target), "--hand", "1"])
    assert answer.exit_code == 0, answer.output
    (row,) = read_table(target / "Tomograms/job006/tomograms.star", "global").to_dict("records")
    assert (row["rlnTomoName"], row["rlnTomoHand"]) == ("ts_01", 1)
    tilts = read_table(target / "Tomograms/job006/tilt_series/ts_01.star", "ts_01")
    assert list(tilts["rlnTomoYTilt"]) == [-40, 0, 20]


def test_refuses_a_folder_without_tomogram(tmp_path):
    with pytest.raises(InputError, match="no tomogram"):
        series_in(tmp_path)
