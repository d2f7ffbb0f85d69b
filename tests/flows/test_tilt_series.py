import errno
import pickle
import shutil

import pytest
from prefect.testing.utilities import prefect_test_harness

from flows.outcomes import failure_of
from flows.sweep import sweep
from flows.tilt_series import asked, own, process_session
from tasks.command import run
from tasks.errors import CommandError, InputError
from tasks.ledger import Arrival, Claimer, Lease, Session, arrive, claim, open_ledger, open_session, quarantined, status

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module", autouse=True)
def prefect_server():
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    return open_ledger(url)


def arrived(name: str, mdoc, frames) -> Arrival:
    payload = {"name": name, "mdoc": str(mdoc), "frames": str(frames)}
    return Arrival(session="cm1", kind="tilt_series", key=str(mdoc), payload=payload)


def test_what_waits_becomes_tomograms_or_reasons(ledger, simulated_tilt_series, tmp_path):
    first = simulated_tilt_series.tilts[0].movie
    parameters = {
        "acquisition": first.acquisition.model_dump(mode="json"),
        "reconstructor": {"tool": "embedded", "binning": 2},
    }
    open_session(ledger, Session(name="cm1", kind="tomography", folder=tmp_path / "cm1", parameters=parameters))
    lost = tmp_path / "lost.mdoc"
    shutil.copy(simulated_tilt_series.mdoc, lost)
    (tmp_path / "empty").mkdir()
    arrive(
        ledger,
        [
            arrived("good", simulated_tilt_series.mdoc, first.path.parent),
            arrived("lost", lost, tmp_path / "empty"),
        ],
    )
    assert process_session("cm1", linger=0.5) == 2
    (kind,) = status(ledger, "cm1").kinds
    assert (kind.waiting, kind.running, kind.done, kind.quarantined) == (0, 0, 1, 1)
    (given_up,) = quarantined(ledger, "cm1")
    assert given_up.key == str(lost)
    assert given_up.reason_kind == "bad-data"
    assert len(list((tmp_path / "cm1" / "good" / "denoising").glob("*.mrc"))) == 1


def test_what_was_too_large_for_the_memory_is_done_coarser():
    session = Session(name="cm1", kind="tomography", folder="/cm1", parameters={"acquisition": {"pixel_size": 1}})
    payload = {"name": "a", "mdoc": "/a.mdoc", "frames": "/frames"}
    lease = Lease(item=1, attempt=3, session="cm1", kind="tilt_series", key="a", payload=payload, failures={})
    first = asked(session, lease).reconstructor.binning
    again = asked(session, lease.model_copy(update={"failures": {"out-of-memory": 2}})).reconstructor.binning
    assert again == 4 * first


def test_the_log_of_a_program_is_kept_with_its_failure(tmp_path):
    with pytest.raises(CommandError) as failed:
        run(["sh", "-c", "echo about to fail; exit 3"], cwd=tmp_path, log=tmp_path / "log")
    again = pickle.loads(pickle.dumps(failed.value))  # noqa: S301 - as between processes
    assert failure_of(again).log == tmp_path / "log"
    assert "about to fail" in failure_of(again).reason


def test_two_series_of_one_name_do_not_write_over_each_other(tmp_path):
    own(tmp_path, "/first/TS_01.mdoc")
    own(tmp_path, "/first/TS_01.mdoc")
    with pytest.raises(InputError, match=r"/second/TS_01\.mdoc: .* holds the results of /first/TS_01\.mdoc"):
        own(tmp_path, "/second/TS_01.mdoc")


def test_parameters_that_the_flow_does_not_know_are_the_reason(ledger, simulated_tilt_series, tmp_path):
    parameters = {"colour": "blue", "acquisition": {"pixel_size": 1}}
    open_session(ledger, Session(name="cm1", kind="tomography", folder=tmp_path, parameters=parameters))
    arrive(ledger, [arrived("a", simulated_tilt_series.mdoc, tmp_path)])
    process_session("cm1", linger=0.1)
    (given_up,) = quarantined(ledger, "cm1")
    assert "colour" in given_up.reason


def test_the_sweep_takes_back_what_dead_runs_held(ledger, tmp_path):
    open_session(ledger, Session(name="cm1", kind="tomography", folder=tmp_path))
    arrive(ledger, [arrived("a", tmp_path / "a.mdoc", tmp_path), arrived("b", tmp_path / "b.mdoc", tmp_path)])
    claim(ledger, Claimer(owner="dead", kinds=("tilt_series",), lease=0.001), 1)
    assert sweep() == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InputError("a.tif", "empty", "frames"), "bad-data"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (FileNotFoundError("a.tif"), "missing-input"),
        (MemoryError(), "out-of-memory"),
        (CommandError("MotionCor3 failed with status 1; it last said:\nno valid license"), "no-licence"),
        (CommandError("AreTomo3 was ended by signal 11"), "tool-error"),
        (CommandError("AreTomo3 was ended by signal 9; it last said:\n"), "out-of-memory"),
        (CommandError("AreTomo3 failed with status 1; it last said:\nCUDA error: out of memory"), "out-of-memory"),
        (CommandError("MotionCor3 failed with status 1; it last said:\nNo space left on device"), "disk-full"),
        (ValueError("surprise"), "tool-error"),
    ],
)
def test_errors_become_kinds_of_failure(error, kind):
    assert failure_of(error).kind == kind
    assert failure_of(error).reason
