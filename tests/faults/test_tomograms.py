"""A session of simulated tilt series, fed by the watcher while its processes are killed at random."""

import hashlib
import json
import random
import shutil
import sys
import time
from pathlib import Path

import pytest
from faults.facility import SESSION, Facility

from flows.programs import program
from tasks.command import run
from tasks.ledger import Arrival, Session, arrive, open_session, quarantined, status
from tasks.simulation import SimulatedTiltSeries
from tasks.simulation.truth import TiltSeriesTruth

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

SERIES = 4
KILLS = ("run", "worker", "run", "server", "watcher", "run", "server", "worker")
CALM = "import sys; from flows.tilt_series import process_session; process_session(sys.argv[1], linger=1)"


@pytest.fixture
def simulated(tmp_path) -> list[TiltSeriesTruth]:
    """Tilt series of which each needs some seconds."""
    setup = {"shape": (192, 192), "pixel_size": 4, "largest_tilt": 20, "tilt_step": 10, "frames": 2, "binning": 2}
    return [
        SimulatedTiltSeries(name=f"ts_{seed}", seed=seed, beads=6, **setup).simulate(
            tmp_path / "microscope" / str(seed)
        )
        for seed in range(SERIES)
    ]


def test_a_session_killed_at_random_ends_with_the_tomograms_of_an_undisturbed_one(facility, simulated, tmp_path):
    site: Facility = facility()
    undisturbed = process_undisturbed(site, simulated, tmp_path / "calm")
    assert len(undisturbed) == 2 * SERIES

    microscope = site.folder / "session"
    watch(site, microscope, simulated[0])
    site.start_worker()
    dice, left = random.Random(7), list(KILLS)
    begun = time.monotonic()
    for truth in simulated:
        expose(truth, microscope)
        for _ in range(2):
            time.sleep(dice.uniform(2, 10))
            kill(site, left.pop(dice.randrange(len(left))), microscope, simulated[0])
    site.until(lambda: done(site) == SERIES, seconds=900)
    print(f"done {time.monotonic() - begun:.0f} s after the first series, with {len(KILLS)} kills")  # noqa: T201
    assert tomograms(site.results) == undisturbed
    assert quarantined(site.ledger, SESSION) == []
    # The project has files of RELION that begin with a point.
    assert [path for path in site.results.rglob(".*") if "project" not in path.parts] == []
    assert site.stop() == []


def process_undisturbed(site: Facility, simulated: list[TiltSeriesTruth], folder: Path) -> dict[str, str]:
    """Process the same series in one process of which nothing dies."""
    open_session(
        site.ledger, Session(name="calm", kind="tomography", folder=folder, parameters=parameters(simulated[0]))
    )
    for truth in simulated:
        frames = str(truth.tilts[0].movie.path.parent)
        payload = {"name": truth.name, "mdoc": str(truth.mdoc), "frames": frames}
        arrive(site.ledger, [Arrival(session="calm", kind="tilt_series", key=str(truth.mdoc), payload=payload)])
    run([sys.executable, "-c", CALM, "calm"], cwd=site.folder, environment=site.environment)
    return tomograms(folder)


def parameters(truth: TiltSeriesTruth) -> dict[str, object]:
    """Return how the session is processed."""
    return {
        "acquisition": truth.tilts[0].movie.acquisition.model_dump(mode="json"),
        "tilt_axis_angle": truth.nominal_axis_angle,
        "aligner": {"tool": "embedded", "smallest_share": 0},
    }


def watch(site: Facility, microscope: Path, truth: TiltSeriesTruth) -> None:
    """Start the watcher of the session."""
    microscope.mkdir(exist_ok=True)
    command = [program("cryoem-flows"), "watch", microscope, "--session", SESSION, "--project", site.results]
    for name, value in parameters(truth).items():
        command += ["--set", f"{name}={json.dumps(value)}"]
    site.start("watcher", [*command, "--interval", "0.5", "--settling", "1", "--mdoc-settling", "1"])


def expose(truth: TiltSeriesTruth, microscope: Path) -> None:
    """Copy the movies of a series to where the watcher looks, and then its mdoc file."""
    for tilt in truth.tilts:
        shutil.copy(tilt.movie.path, microscope)
    shutil.copy(truth.mdoc, microscope)


def kill(site: Facility, what: str, microscope: Path, truth: TiltSeriesTruth) -> None:
    """Kill something and, as a supervisor does, start it again soon."""
    if what == "run":
        for process in site.runs().values():
            process.kill()
        return
    site.kill(what)
    time.sleep(1)
    if what == "server":
        site.start_server()
    elif what == "worker":
        site.start_worker()
    else:
        watch(site, microscope, truth)


def done(site: Facility) -> int:
    """Return how many tilt series are done."""
    return sum(kind.done for kind in status(site.ledger, SESSION).kinds if kind.kind == "tilt_series")


def tomograms(folder: Path) -> dict[str, str]:
    """Return the digest of each tomogram and of each that was denoised."""
    found = [*folder.glob("*/tomogram_reconstruction/*.mrc"), *folder.glob("*/denoising/*.mrc")]
    whole = [path for path in found if not path.stem.endswith(("_even", "_odd"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in whole}
