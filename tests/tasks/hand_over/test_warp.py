import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats.mrc import read_image, write_mrc
from tasks.formats.star import read_table
from tasks.hand_over import write_warp_folder
from tasks.hand_over.warp_series import warp_series
from tasks.models import (
    Acquisition,
    Alignment,
    Ctf,
    Exclusion,
    Micrograph,
    Motion,
    Movie,
    Tilt,
    TiltAlignment,
    TiltSeries,
    Tomogram,
)
from tasks.project import ProcessedTiltSeries

ANGLES = {"a": -30.0, "b": 0.0, "c": 30.0, "d": 60.0}


def ctf_of(folder: Path, defocus: float) -> Ctf:
    return Ctf(
        defocus_u=defocus + 200,
        defocus_v=defocus - 200,
        defocus_angle=35.0,
        phase_shift=45.0,
        resolution=7.0,
        figure_of_merit=0.1,
        ice_ring=0.0,
        diagnostic=folder / "ctf.mrc",
        profile=folder / "ctf.txt",
        program="truth",
    )


def alignment_of(folder: Path, names: str, excluded: tuple[Exclusion, ...] = ()) -> Alignment:
    tilts = tuple(
        TiltAlignment(name=name, angle=ANGLES[name] + 2, axis_angle=85.0, displacement=(10.0 * place, -5.0))
        for place, name in enumerate(names)
    )
    return Alignment(
        tilts=tilts,
        excluded=excluded,
        tilt_axis_angle=85.0,
        score=1,
        transforms=folder / "ts_01.xf",
        program="truth",
    )


@pytest.fixture
def found(tmp_path):
    """A series of movies, of whose tilts one is left out."""
    acquisition = Acquisition(pixel_size=1.35)
    tilts, motions = [], {}
    for number, (name, angle) in enumerate(ANGLES.items(), start=1):
        movie = Movie(path=tmp_path / f"{name}.tiff", acquisition=acquisition)
        average = tmp_path / "motion" / f"{name}_noDW.mrc"
        write_mrc(average, np.full((8, 10), 7.0 + number, np.float32), 1.35)
        image = Micrograph(path=tmp_path / "motion" / f"{name}.mrc", pixel_size=1.35, unweighted=average)
        motions[name] = Motion(
            micrograph=image,
            displacements=((0.0, 0.0),),
            early=0,
            late=0,
            metadata=tmp_path / "x.star",
            program="truth",
        )
        tilts.append(Tilt(name=name, angle=angle, number=number, pre_exposure=3.0 * (number - 1), source=movie))
    return ProcessedTiltSeries(
        series=TiltSeries(name="ts_01", tilts=tuple(tilts), tilt_axis_angle=85.0),
        motions=motions,
        ctfs={name: ctf_of(tmp_path, 30_000 + 100 * angle) for name, angle in ANGLES.items()},
        alignment=alignment_of(tmp_path, "abc", (Exclusion(name="d", reason="dark"),)),
        tomogram=Tomogram(path=tmp_path / "rec.mrc", voxel_size=10.8, shape=(100, 480, 464), program="truth"),
    )


@pytest.fixture
def warp(found, tmp_path):
    assert write_warp_folder(tmp_path / "warp", [found]) == ("ts_01",)
    return tmp_path / "warp"


def test_the_tomostar_lists_the_tilts_that_are_used_by_the_angle(warp):
    (rows,) = [read_table(warp / "tomostar" / "ts_01.tomostar", "").to_dict("list")]
    assert rows == {
        "wrpMovieName": [f"../warp_frameseries/ts_01_{name}.mrc" for name in "cba"],
        "wrpAngleTilt": [-32.0, -2.0, 28.0],
        "wrpAxisAngle": [85.0] * 3,
        "wrpAxisOffsetX": [20.0, 10.0, 0.0],
        "wrpAxisOffsetY": [-5.0] * 3,
        "wrpDose": [6.0, 3.0, 0.0],
        "wrpAverageIntensity": [10.0, 9.0, 8.0],
        "wrpMaskedFraction": [0.0] * 3,
    }


def test_averages_without_dose_weighting_are_where_warp_looks_for_them(warp, found):
    for name in "abc":
        average = warp / "warp_frameseries" / "average" / f"ts_01_{name}.mrc"
        assert average.is_symlink()
        assert average.samefile(found.motions[name].micrograph.unweighted)
        assert (warp / "warp_frameseries" / f"ts_01_{name}.xml").is_file()
    assert not (warp / "warp_frameseries" / "ts_01_d.xml").exists()


def metadata(warp: Path) -> ET.Element:
    return ET.parse(warp / "warp_tiltseries" / "ts_01.xml").getroot()  # noqa: S314 - our own file


def lines(root: ET.Element, name: str) -> list[str]:
    return root.find(name).text.split("\n")


def test_the_metadata_hold_alignment_and_ctf(warp):
    root = metadata(warp)
    assert root.tag == "TiltSeries"
    assert root.get("AreAnglesInverted") == "True"
    assert lines(root, "Angles") == ["-32", "-2", "28"]
    assert lines(root, "AxisOffsetX") == ["20", "10", "0"]
    assert lines(root, "UseTilt") == ["True"] * 3
    assert lines(root, "MoviePath")[0] == "../warp_frameseries/ts_01_c.mrc"
    # In micrometre, at 30, 0 and -30 degree.
    assert [node.get("Value") for node in root.find("GridCTF")] == ["3.3", "3", "2.7"]
    assert {node.get("Value") for node in root.find("GridCTFDefocusDelta")} == {"0.04"}
    assert {node.get("Value") for node in root.find("GridCTFPhase")} == {"0.25"}
    known = {parameter.get("Name"): parameter.get("Value") for parameter in root.find("CTF")}
    assert (known["PixelSize"], known["Defocus"], known["DefocusAngle"]) == ("1.35", "3", "35")


def test_a_series_of_which_a_ctf_is_missing_leaves_it_to_warp(found, tmp_path):
    some = found.model_copy(update={"ctfs": {"a": found.ctfs["a"]}})
    write_warp_folder(tmp_path / "warp", [some])
    root = metadata(tmp_path / "warp")
    assert root.find("GridCTF") is None
    assert [parameter.get("Name") for parameter in root.find("CTF")] == ["PixelSize", "Voltage", "Cs", "Amplitude"]


def test_the_settings_are_made_with_the_numbers_of_the_session(warp):
    script = (warp / "settings.sh").read_text()
    numbers, size = "--angpix 1.35 --exposure 3", "--tomo_dimensions 3712x3840x800"
    frames = "--folder_data warp_frameseries/average --extension '*.mrc' --folder_processing warp_frameseries"
    tilts = "--folder_data tomostar --extension '*.tomostar' --folder_processing warp_tiltseries"
    assert script.splitlines()[2:] == [
        f"WarpTools create_settings --output warp_frameseries.settings {frames} {numbers}",
        f"WarpTools create_settings --output warp_tiltseries.settings {tilts} {numbers} {size}",
    ]


def test_sections_of_a_stack_become_images_of_their_own(found, tmp_path):
    stack = tmp_path / "stack.mrc"
    write_mrc(stack, np.arange(4 * 12, dtype=np.float32).reshape(4, 3, 4), 2.0, stack=True)
    tilts = tuple(
        tilt.model_copy(update={"source": Micrograph(path=stack, pixel_size=2.0, section=place)})
        for place, tilt in enumerate(found.series.tilts)
    )
    summed = found.model_copy(
        update={"series": found.series.model_copy(update={"tilts": tilts}), "motions": {}, "ctfs": {}}
    )
    write_warp_folder(tmp_path / "warp", [summed])
    image = tmp_path / "warp" / "warp_frameseries" / "average" / "ts_01_b.mrc"
    assert read_image(image).tolist() == read_image(stack, 1).tolist()


def test_refuses_a_session_without_alignment(found, tmp_path):
    with pytest.raises(InputError, match="no aligned tilt series"):
        write_warp_folder(tmp_path / "warp", [found.model_copy(update={"alignment": None})])


def euler(rot: float, tilt: float, psi: float) -> np.ndarray:
    """Return the matrix of Warp's Matrix3.Euler, angles in radian."""
    (ca, sa), (cb, sb), (cg, sg) = ((math.cos(angle), math.sin(angle)) for angle in (rot, tilt, psi))
    return np.array(
        [
            [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


@pytest.mark.parametrize("hand", [-1, 1])
def test_warp_sees_a_point_where_we_see_it_at_the_same_defocus(found, hand):
    series = warp_series(found, hand)
    places = {f"ts_01_{tilt.name}": tilt for tilt in found.alignment.tilts}
    point = np.array([120.0, -340.0, 75.0])
    for tilt in series.tilts:
        here = places[tilt.name]
        angle, axis = math.radians(here.angle), math.radians(here.axis_angle)
        across = point[0] * math.cos(angle) + point[2] * math.sin(angle)
        x = across * math.cos(axis) - point[1] * math.sin(axis) + here.displacement[0]
        y = across * math.sin(axis) + point[1] * math.cos(axis) + here.displacement[1]
        height = -point[0] * math.sin(angle) + point[2] * math.cos(angle)
        # As in Warp's TiltSeries.GetPositionInAllTilts.
        there = euler(0, math.radians(tilt.angle), -math.radians(tilt.axis_angle)) @ point
        assert (there[0] + tilt.offset[0], there[1] + tilt.offset[1]) == pytest.approx((x, y))
        deeper = there[2]
        if series.inverted:
            flipped = euler(0, -math.radians(tilt.angle), -math.radians(tilt.axis_angle)) @ (point * [1, 1, -1])
            deeper = flipped[2]
        assert deeper == pytest.approx(hand * height)
