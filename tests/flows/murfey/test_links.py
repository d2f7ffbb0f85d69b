from pathlib import Path

from captured_messages import bodies

from flows.murfey.dispatch import receive
from flows.murfey.links import link, linked
from tasks.ledger import Arrival, Claimer, Result, Session, arrive, claim, open_session
from tasks.models import Micrograph, Motion


def test_a_place_leads_to_the_file_wherever_the_folders_are_mounted(tmp_path):
    target, place = tmp_path / "a/results/x.mrc", tmp_path / "a/MotionCorr/job002/x.mrc"
    target.parent.mkdir(parents=True)
    target.write_text("image")
    for _ in range(2):
        link(place, target)
    assert place.readlink() == Path("../../results/x.mrc")
    (tmp_path / "a").rename(tmp_path / "b")
    assert (tmp_path / "b/MotionCorr/job002/x.mrc").read_text() == "image"
    assert [path.name for path in (tmp_path / "b/MotionCorr/job002").iterdir()] == ["x.mrc"]


def test_a_link_takes_the_place_of_another_but_not_of_a_file_or_folder(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    place = tmp_path / "place"
    link(place, tmp_path / "old")
    link(place, tmp_path / "new")
    assert place.readlink() == Path("new")
    place.unlink()
    place.mkdir()
    link(place, tmp_path / "old")
    assert not place.is_symlink()
    (tmp_path / "real").write_text("mine")
    link(tmp_path / "real", tmp_path / "old")
    assert (tmp_path / "real").read_text() == "mine"


def test_a_link_may_lead_to_what_is_not_there_yet_but_not_to_itself(tmp_path):
    link(tmp_path / "place", tmp_path / "later")
    assert (tmp_path / "place").readlink() == Path("later")
    link(tmp_path / "itself", tmp_path / "itself")
    assert not (tmp_path / "itself").is_symlink()


def test_the_micrograph_is_found_where_murfey_looks_for_it(ledger, tmp_path):
    place, micrograph = tmp_path / "cm1/MotionCorr/job002/Movies/a_motion_corrected.mrc", tmp_path / "cm1/a.mrc"
    [body] = bodies("em-spa-preprocess.direct", mrc_out=str(place))
    receive(ledger, body, redelivered=False)
    [lease] = claim(ledger, Claimer(owner="worker", kinds=("movie",)))
    results = [motion(micrograph), Result(step="ctf_estimation", digest="", result={}, tool="")]
    assert list(linked(ledger, lease, results)) == results
    assert not place.readlink().is_absolute()
    assert place.resolve() == micrograph.resolve()


def test_of_a_movie_that_nobody_asked_for_nothing_is_linked(ledger, tmp_path):
    open_session(ledger, Session(name="cm1", kind="spa", folder=tmp_path))
    arrive(ledger, [Arrival(session="cm1", kind="movie", key="/data/a.tif")])
    [lease] = claim(ledger, Claimer(owner="worker", kinds=("movie",)))
    results = [motion(tmp_path / "a.mrc")]
    assert list(linked(ledger, lease, results)) == results
    assert [path.name for path in tmp_path.iterdir() if path.is_symlink()] == []


def motion(micrograph) -> Result:
    found = Motion(
        micrograph=Micrograph(path=micrograph, pixel_size=1),
        displacements=((0, 0),),
        early=0,
        late=0,
        metadata=micrograph.with_suffix(".star"),
        program="",
    )
    return Result(step="motion_correction", digest="", result=found.model_dump(mode="json"), tool="")
