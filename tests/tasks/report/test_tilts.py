from pathlib import Path

from tasks.models import Alignment, Ctf, Exclusion, Micrograph, Motion, Tilt, TiltAlignment
from tasks.report import tell
from tasks.report.keys import artifact_key

IMAGE = Micrograph(path=Path("a.mrc"), pixel_size=2)
TILTS = [Tilt(name=name, angle=angle, number=1, source=IMAGE) for name, angle in (("a", -3), ("b", 0), ("c", 3))]
MOTION = Motion(
    micrograph=IMAGE,
    displacements=((0, 0), (3, 4)),
    early=4,
    late=1.004,
    metadata=Path("a.star"),
    program="test",
)
CTF = Ctf(
    defocus_u=30_400,
    defocus_v=29_600.4,
    defocus_angle=10,
    resolution=8.04,
    figure_of_merit=0.5,
    ice_ring=0,
    diagnostic=Path("a.png"),
    profile=Path("a.csv"),
    program="test",
)


def stories():
    alignment = Alignment(
        tilts=(TiltAlignment(name="a", angle=-2.9, axis_angle=85, displacement=(10.04, -3), residual=1.234),),
        excluded=(Exclusion(name="b", reason="blank"),),
        tilt_axis_angle=85,
        score=0.9,
        transforms=Path("a.xf"),
        program="test",
    )
    return tell(TILTS, {"a": MOTION}, {"a": CTF}, alignment, {"c": "a.tif is truncated"})


def test_a_kept_tilt_shows_what_every_step_found():
    row = stories()[0].row()
    assert row["kept"] == "yes"
    assert row["angle (deg)"] == -2.9
    assert row["motion (A)"] == 5.0
    assert (row["defocus (A)"], row["astigmatism (A)"], row["CTF resolution (A)"]) == (30000, 800, 8.0)
    assert (row["shift x (A)"], row["shift y (A)"], row["residual (A)"]) == (10.0, -3, 1.23)


def test_a_tilt_that_is_not_kept_says_why():
    rows = [story.row() for story in stories()]
    assert [(row["kept"], row["why not"]) for row in rows] == [
        ("yes", ""),
        ("no", "blank"),
        ("no", "a.tif is truncated"),
    ]
    assert rows[2]["motion (A)"] is None


def test_keys_are_what_prefect_allows():
    assert artifact_key("tilts", "Position_1 [2].mrc") == "tilts-position-1-2-mrc"
