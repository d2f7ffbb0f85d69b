import pytest

from flows.announced import acquisition_of, source_of
from flows.sessions import TomographySession
from flows.sources import ListedSource, MdocSource
from tasks.errors import FormatError, InputError
from tasks.models import Acquisition

USUAL = Acquisition.model_validate(
    {"pixel_size": 1, "spherical_aberration": 1.9, "gain": {"path": "/usual.mrc", "rotation": 1, "flip": "left-right"}}
)
SESSION = TomographySession(acquisition=USUAL, tilt_axis_angle=85, dose_per_tilt=2)


def test_a_movie_is_taken_as_its_session_where_nothing_is_said():
    assert acquisition_of({"path": "/a.tif", "size": 3}, USUAL) == USUAL


def test_what_is_said_goes_over_what_is_usual():
    taken = acquisition_of({"acquisition": {"voltage": 200, "gain": {"path": "/new.mrc"}}}, USUAL)
    assert (taken.voltage, taken.spherical_aberration) == (200, 1.9)
    assert taken.gain == USUAL.gain.model_copy(update={"path": taken.gain.path})
    assert str(taken.gain.path) == "/new.mrc"
    assert acquisition_of({"acquisition": {"gain": None}}, USUAL).gain is None


def test_eer_frames_are_grouped_as_a_file_says(tmp_path):
    (tmp_path / "fractions.txt").write_text("1080 12 0.05")
    movie = {"acquisition": {}, "fractions": str(tmp_path / "fractions.txt")}
    assert acquisition_of(movie, USUAL).eer.grouping == 12
    with pytest.raises(FormatError, match="no such file"):
        acquisition_of({"fractions": "/never.txt"}, USUAL)


def test_what_cannot_be_an_acquisition_is_refused():
    with pytest.raises(InputError, match=r"acquisition of /a\.tif: voltage"):
        acquisition_of({"path": "/a.tif", "acquisition": {"voltage": -1}}, USUAL)


def test_a_series_is_described_by_an_mdoc_file():
    source = source_of({"name": "a", "mdoc": "/a.mdoc", "frames": "/frames"}, SESSION)
    assert isinstance(source, MdocSource)
    assert (source.acquisition, source.tilt_axis_angle, source.dose_per_tilt) == (USUAL, 85, 2)


def test_or_its_tilts_are_listed():
    tilts = [{"path": "/a.tif", "angle": 3, "acquisition": {"voltage": 200}, "fractions": "/f.txt"}]
    tilts.append({"path": "/b.mrc", "angle": -3, "acquisition": None})
    source = source_of({"name": "a", "tilts": tilts, "acquisition": {"pixel_size": 2}}, SESSION)
    assert isinstance(source, ListedSource)
    assert (source.tilt_axis_angle, source.dose_per_tilt, source.acquisition.pixel_size) == (85, 2, 2)
    first, second = source.tilts
    assert (first.acquisition.voltage, first.acquisition.pixel_size, str(first.fractions)) == (200, 2, "/f.txt")
    assert (second.acquisition, second.fractions) == (None, None)
    said = source_of({"name": "a", "tilts": tilts, "tilt_axis": 3, "dose_per_tilt": 5}, SESSION)
    assert (said.tilt_axis_angle, said.dose_per_tilt) == (3, 5)


def test_a_list_that_cannot_be_used_is_refused():
    with pytest.raises(InputError, match="tilt series a: tilt_axis_angle"):
        source_of({"name": "a", "tilts": []}, SESSION.model_copy(update={"tilt_axis_angle": None}))
