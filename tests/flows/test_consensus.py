from pathlib import Path

import numpy as np
import pytest

from flows.consensus import MOVIES, SERIES, axis_to_start, compared, look, settled_consensus
from flows.tilt_series import with_axis
from flows.tomography import Tomography
from tasks.ctf_estimation import EmbeddedCtf, estimate_ctf, place_of_ctf
from tasks.formats.mrc import write_mrc
from tasks.ledger import Arrival, Claimer, Ledger, Result, Session, arrive, claim, finish, frozen, open_session, thaw
from tasks.models import Alignment, Deviations, Micrograph, Model, Motion, Optics, TiltAlignment, TiltGeometry
from tasks.simulation import SimulatedMovies, SimulatedTiltSeries, simulate_tilt_images

AXIS = 84.2


def done(ledger: Ledger, kind: str, key: str, step: str, found: Model, **payload: str) -> None:
    """An item of which a step has found something."""
    arrive(ledger, [Arrival(session="s", kind=kind, key=key, payload=payload)])
    (lease,) = claim(ledger, Claimer(owner="test", kinds=(kind,), session="s"))
    result = Result(step=step, digest="d", result=found.model_dump(mode="json"), tool="test")
    finish(ledger, lease, [result])


def aligned(name: str, axis: float) -> Alignment:
    tilt = TiltAlignment(name=name, angle=0, axis_angle=axis, displacement=(0, 0))
    return Alignment(tilts=(tilt,), tilt_axis_angle=axis, score=1, transforms="a.xf", program="test")


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """Movies of a counting camera: 1.5 angstrom, 1.2 electrons per square angstrom and frame."""
    folder = tmp_path_factory.mktemp("counted")
    parameters = SimulatedMovies(seed=871, count=MOVIES, shape=(256, 256), pixel_size=1.5, frames=6, dose_per_frame=1.2)
    return parameters.simulate(folder)


def with_movies(ledger: Ledger, truth, folder: Path, **changes: object) -> None:
    """A session whose first movies are corrected."""
    acquisition = truth.movies[0].movie.acquisition.model_dump(mode="json") | changes
    open_session(ledger, Session(name="s", kind="spa", folder=folder, parameters={"acquisition": acquisition}))
    for movie in truth.movies:
        image = folder / f"{movie.name}.mrc"
        folder.mkdir(exist_ok=True)
        write_mrc(image, np.random.default_rng(872).normal(10, 1, (256, 256)).astype(np.float32), 1.5)
        micrograph = Micrograph(path=image, pixel_size=1.5)
        motion = Motion(micrograph=micrograph, displacements=(), early=0, late=0, metadata="a.star", program="test")
        path = str(movie.movie.path)
        done(ledger, "movie", path, "motion_correction", motion, path=path)


def test_movies_tell_gain_and_dose_when_there_are_enough_of_them(ledger, counted, tmp_path):
    with_movies(ledger, counted, tmp_path / "s")
    look(ledger, "s", "movie")
    known = frozen(ledger, "s")
    assert set(known) == {"gain", "pixel_size", "dose"}
    assert known["gain"].agrees is True
    assert known["gain"].confidence > 0.8
    assert known["dose"].value == pytest.approx(1.2, rel=0.1)
    assert known["dose"].agrees is True
    assert (known["pixel_size"].value, known["pixel_size"].agrees) == (None, None)


def test_a_gain_that_is_turned_and_a_dose_of_the_whole_movie_are_noticed(ledger, counted, tmp_path):
    gain = {"path": str(counted.gain), "rotation": 2, "flip": "none"}
    with_movies(ledger, counted, tmp_path / "s", gain=gain, dose_per_frame=48.0)
    known = settled_consensus(ledger, "s")
    assert (known["gain"].value, known["gain"].expected) == ("rotation 0, flip none", "rotation 2, flip none")
    assert known["gain"].agrees is False
    assert known["dose"].agrees is False


def test_what_is_settled_is_settled_until_somebody_asks_anew(ledger, counted, tmp_path):
    with_movies(ledger, counted, tmp_path / "s")
    before = settled_consensus(ledger, "s")
    for movie in counted.movies:
        movie.movie.path.rename(movie.movie.path.with_suffix(".away"))
    try:
        look(ledger, "s", "movie")
        assert settled_consensus(ledger, "s") == before
        anew = settled_consensus(ledger, "s", anew=True)
        assert {name: found.value for name, found in anew.items() if name != "pixel_size"} == {
            "gain": None,
            "dose": None,
        }
        assert "could not be asked" in anew["gain"].evidence
    finally:
        for movie in counted.movies:
            movie.movie.path.with_suffix(".away").rename(movie.movie.path)


@pytest.fixture(scope="module", params=[-1, 1])
def tilted(request, tmp_path_factory) -> tuple[int, Path]:
    """The hand, and a folder with the CTFs of three series of a microscope of that hand."""
    folder = tmp_path_factory.mktemp("tilted")
    for number in range(3):
        parameters = SimulatedTiltSeries(
            seed=880 + number,
            shape=(384, 384),
            pixel_size=5,
            largest_tilt=45,
            tilt_step=15,
            dose=8,
            axis_angle=AXIS,
            handedness=request.param,
        )
        images, truth = simulate_tilt_images(parameters)
        for image, tilt in zip(images, truth.tilts, strict=True):
            path = folder / f"ts{number}" / f"{tilt.name}.mrc"
            path.parent.mkdir(exist_ok=True)
            write_mrc(path, image, 5)
            lying = TiltGeometry(angle=round(tilt.nominal_angle, 1), axis_angle=85.0)
            given = Micrograph(path=path, pixel_size=5), Optics(), EmbeddedCtf(), path.parent / "ctf_estimation", lying
            estimate_ctf.fn(*given)
            assert place_of_ctf(*given).record.exists()
    return request.param, folder


def test_tilt_series_tell_axis_and_hand(ledger, tilted):
    hand, folder = tilted
    parameters = {"acquisition": {"pixel_size": 5}, "ctf_estimator": {"tool": "embedded", "handedness": -1}}
    open_session(ledger, Session(name="s", kind="tomography", folder=folder, parameters=parameters))
    for number, axis in enumerate((84.0, 84.4, 84.2)):
        name = f"ts{number}"
        done(ledger, "tilt_series", name, "tilt_series_alignment", aligned(name, axis), name=name)
    look(ledger, "s", "tilt_series")
    assert frozen(ledger, "s") == {}, "three series are not yet enough unless somebody asks"

    known = settled_consensus(ledger, "s")
    assert known["tilt_axis"].value == pytest.approx(AXIS, abs=0.2)
    assert known["handedness"].value == f"{hand:+d}", known["handedness"]
    assert known["handedness"].agrees is (hand == -1)
    assert known["handedness"].confidence > 0.98


@pytest.fixture
def agreed(ledger, tmp_path) -> Ledger:
    """A session whose first series agree on the tilt axis."""
    parameters = {"acquisition": {"pixel_size": 5}}
    open_session(ledger, Session(name="s", kind="tomography", folder=tmp_path, parameters=parameters))
    for number in range(SERIES):
        done(ledger, "tilt_series", f"ts{number}", "tilt_series_alignment", aligned("a", AXIS), name=f"ts{number}")
    look(ledger, "s", "tilt_series")
    assert frozen(ledger, "s")["tilt_axis"].value == AXIS
    assert frozen(ledger, "s")["handedness"].value is None
    return ledger


def test_later_series_start_from_the_axis_and_those_before_keep_their_own(agreed, tmp_path):
    assert axis_to_start(agreed, "s", "new") == AXIS
    assert axis_to_start(agreed, "s", "ts0") is None
    source = {"mdoc": "/a.mdoc", "frames": "/frames", "acquisition": {"pixel_size": 5}, "kind": "mdoc"}
    asked = {"name": "new", "folder": str(tmp_path / "new"), "session": "s"}
    nobody = Tomography.model_validate(asked | {"source": source})
    assert with_axis(nobody, agreed, "new").source.tilt_axis_angle == AXIS
    user = Tomography.model_validate(asked | {"source": source | {"tilt_axis_angle": 30.0}})
    assert with_axis(user, agreed, "new") == user
    before = nobody.model_copy(update={"name": "ts0", "folder": tmp_path / "ts0"})
    assert with_axis(before, agreed, "ts0") == before

    thaw(agreed, "s")
    assert with_axis(nobody, agreed, "new").source.tilt_axis_angle == AXIS, "it keeps what it began with"


def test_a_later_series_that_deviates_is_told(agreed, tmp_path):
    def told(axis: float) -> Deviations:
        (result,) = compared(agreed, "s", aligned("new", axis), tmp_path / "new")
        return Deviations.model_validate(result.result)

    assert told(AXIS + 0.5).deviations == ()
    (deviation,) = told(AXIS - 4).deviations
    assert (deviation.name, deviation.value, deviation.expected) == ("tilt_axis", 80.2, AXIS)
