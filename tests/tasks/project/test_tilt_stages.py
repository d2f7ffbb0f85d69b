import math

import numpy as np
import pytest
from project_sessions import processed

from tasks.formats.star import read_table
from tasks.models import Micrograph, TiltAlignment
from tasks.project import ProcessedTiltSeries, write_tomography_project
from tasks.project.tilt_stages import common, failed, passed


def tilts(project, job, name="TS_01"):
    return read_table(project / job / "tilt_series" / f"{name}.star", name)


def relion_projection(row, tomogram, image, pixel_size):
    """Return RELION 5's matrix from pixels of a tomogram to pixels of an image, as its sources describe it."""

    def shift(x, y, z):
        matrix = np.eye(4)
        matrix[:3, 3] = x, y, z
        return matrix

    def turn(axis, degrees):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        first, second = [(1, 2), (2, 0), (0, 1)][axis]
        matrix = np.eye(4)
        matrix[first, first] = matrix[second, second] = c
        matrix[first, second], matrix[second, first] = -s, s
        return matrix

    centre = shift(*(-(length // 2) for length in tomogram))
    turned = turn(2, row["rlnTomoZRot"]) @ turn(1, row["rlnTomoYTilt"]) @ turn(0, row["rlnTomoXTilt"])
    moved = shift(row["rlnTomoXShiftAngst"] / pixel_size, row["rlnTomoYShiftAngst"] / pixel_size, 0)
    return shift(image[0] // 2, image[1] // 2, 0) @ moved @ turned @ centre


def test_relion_sees_a_point_where_our_alignment_does(tmp_path):
    found = processed(tmp_path / "session")
    write_tomography_project(tmp_path / "project", "cm1", [found])
    table = tilts(tmp_path / "project", "Tomograms/job006")
    volume = read_table(tmp_path / "project/Tomograms/job006/tomograms.star", "global").iloc[0]
    size = tuple(int(volume[f"rlnTomoSize{axis}"]) for axis in "XYZ")
    point = np.array([300.0, -450.0, 200.0])
    for (_, row), tilt in zip(table.iterrows(), found.alignment.tilts, strict=True):
        voxel = point / 1.35 + [length // 2 for length in size]
        seen = relion_projection(row, size, (4092, 5760), 1.35) @ [*voxel, 1.0]
        assert (seen[:2] - [2046, 2880]) * 1.35 == pytest.approx(ours(tilt, point), abs=1e-4)


def ours(tilt: TiltAlignment, point) -> tuple[float, float]:
    angle, axis = math.radians(tilt.angle), math.radians(tilt.axis_angle)
    across, along = point[0] * math.cos(angle) + point[2] * math.sin(angle), point[1]
    x = across * math.cos(axis) - along * math.sin(axis) + tilt.displacement[0]
    y = across * math.sin(axis) + along * math.cos(axis) + tilt.displacement[1]
    return x, y


def test_a_tilt_counts_less_the_more_it_is_tilted(tmp_path):
    write_tomography_project(tmp_path / "project", "cm1", [processed(tmp_path / "session")])
    table = tilts(tmp_path / "project", "Tomograms/job006")
    assert list(table["rlnCtfScalefactor"]) == pytest.approx(list(np.cos(np.radians(table["rlnTomoYTilt"]))))


def test_a_tilt_without_a_ctf_is_left_out_where_others_have_one(tmp_path):
    found = processed(tmp_path / "session")
    first = found.series.tilts[1].name
    found = found.model_copy(update={"ctfs": {name: ctf for name, ctf in found.ctfs.items() if name != first}})
    write_tomography_project(tmp_path / "project", "cm1", [found])
    assert len(tilts(tmp_path / "project", "MotionCorr/job002")) == 5
    assert len(tilts(tmp_path / "project", "CtfFind/job003")) == 4
    aligned = tilts(tmp_path / "project", "AlignTiltSeries/job005")
    assert list(aligned["rlnTomoNominalStageTiltAngle"]) == [-60, 0, 30]
    assert f"TS_01/{first} left out: no CTF" in (tmp_path / "project/ExcludeTiltImages/job004/run.out").read_text()


def test_a_series_without_any_ctf_is_aligned_without(tmp_path):
    found = processed(tmp_path / "session").model_copy(update={"ctfs": {}})
    write_tomography_project(tmp_path / "project", "cm1", [found])
    assert not (tmp_path / "project/CtfFind").exists()
    aligned = tilts(tmp_path / "project", "AlignTiltSeries/job005")
    assert "rlnDefocusU" not in aligned
    assert len(aligned) == 4


def test_sections_of_a_stack_are_named_as_relion_reads_them(tmp_path):
    found = processed(tmp_path / "session")
    stack = tmp_path / "session/TS_01.st"
    stack.touch()
    sections = [
        tilt.model_copy(update={"source": Micrograph(path=stack, pixel_size=1.35, section=number)})
        for number, tilt in enumerate(found.series.tilts)
    ]
    series = found.series.model_copy(update={"tilts": tuple(sections)})
    write_tomography_project(tmp_path / "project", "cm1", [found.model_copy(update={"series": series, "motions": {}})])
    names = list(tilts(tmp_path / "project", "AlignTiltSeries/job005")["rlnMicrographName"])
    assert names == [f"{number:06d}@Import/job001/Movies/TS_01.mrcs" for number in (1, 2, 3, 4)]
    assert (tmp_path / "project/Import/job001/Movies/TS_01.mrcs").samefile(stack)
    assert not (tmp_path / "project/MotionCorr").exists()
    (row,) = read_table(tmp_path / "project/Import/job001/tilt_series.star", "global").to_dict("records")
    assert row["rlnTomoTiltSeriesPixelSize"] == 1.35


@pytest.mark.parametrize(
    ("missing", "stage"),
    [
        (("motions", "ctfs", "alignment", "tomogram", "denoised"), "motion"),
        (("ctfs", "alignment", "tomogram", "denoised"), "ctf"),
        (("alignment", "tomogram", "denoised"), "align"),
        (("tomogram", "denoised"), "tomograms"),
        (("denoised",), "denoise"),
        ((), None),
    ],
)
def test_a_series_that_failed_has_stopped_after_its_last_result(tmp_path, missing, stage):
    empty = {"motions": {}, "ctfs": {}, "alignment": None, "tomogram": None, "denoised": None}
    found = processed(tmp_path).model_copy(update={name: empty[name] for name in missing})
    assert failed(found) is None
    assert failed(found.model_copy(update={"failure": "why"})) == stage
    assert stage not in passed(found)


def test_a_series_that_has_only_begun_is_imported(tmp_path):
    found = ProcessedTiltSeries(series=processed(tmp_path / "session").series)
    write_tomography_project(tmp_path / "project", "cm1", [found])
    assert [path.name for path in (tmp_path / "project").glob("[A-Z]*")] == ["Import"]
    assert "rlnTomoTiltMovieFrameCount" not in tilts(tmp_path / "project", "Import/job001")


def test_a_column_stands_where_every_row_has_it():
    assert common([{"a": 1, "b": 2}, {"b": 3}]) == [{"b": 2}, {"b": 3}]
    assert common([]) == []
