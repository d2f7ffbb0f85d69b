from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from murfey.real_murfey import RealMurfey
from murfey.rig import Rig
from murfey.scripted import QUEUE, ScriptedMurfey, Site
from murfey.scripted_at_broker import CONNECTOR, REQUESTS
from rabbitmq_server import RabbitMq

from tasks.ledger import Ledger, open_ledger
from tasks.settings import Settings

PARAMETERS = {
    "spa": {
        "extractor": {"box_size": 64, "binned_size": 32},
        "batch_size": 20,
        "incomplete_batch_size": 10,
        "batch_size_3d": 10,
        "fewest_for_3d": 5,
    },
    # The simulated images are too few for the aligner to judge which of them are stray.
    "tomography": {"aligner": {"tool": "embedded", "smallest_share": 0}},
}


@pytest.fixture
def parameters() -> dict[str, object]:
    """Those of the site for its sessions."""
    return PARAMETERS


@pytest.fixture
def ledger(parameters, tmp_path, monkeypatch) -> Ledger:
    """The ledger of a site with small batches."""
    url, file = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump(parameters))
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_PARAMETERS", str(file))
    return open_ledger(url)


@pytest.fixture
def site(tmp_path) -> Site:
    """A visit of which Murfey asks for more as soon as it knows ten diameters."""
    small = {"sizes_for_diameter": 10, "classes_2d": 2, "batch_size": 20}
    return Site(tmp_path / "data", **small)


@pytest.fixture
def rig(ledger, site) -> Rig:
    return Rig(ScriptedMurfey(site), ledger)


@pytest.fixture
def queues(rabbitmq) -> RabbitMq:
    """A broker with the queues of a site, all of them empty."""
    rabbitmq.make("dlq.murfey_feedback")
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dlq.murfey_feedback"}
    rabbitmq.make(QUEUE, **dead)
    for queue in (REQUESTS, CONNECTOR):
        rabbitmq.make(queue)
    for queue in (QUEUE, REQUESTS, CONNECTOR, "dlq.murfey_feedback"):
        rabbitmq.read(queue)
    return rabbitmq


@pytest.fixture
def small() -> dict[str, int]:
    """What the real Murfey wants of single particles, where its defaults are too large."""
    return {"nr_picks_before_diameter": 10, "batch_size_2d": 20, "nr_classes_2d": 2}


@pytest.fixture
def murfey(small, site, queues, empty_postgresql, tmp_path) -> Iterator[RealMurfey]:
    """The server of the real Murfey, with a session at it."""
    folder = tmp_path / "murfey"
    folder.mkdir()
    with RealMurfey(folder, queues, empty_postgresql(), site.base, small).running() as murfey:
        yield murfey


@pytest.fixture
def settings(queues, ledger, monkeypatch) -> Settings:
    monkeypatch.setenv("CRYOEM_FLOWS_BROKER", queues.url)
    monkeypatch.setenv("CRYOEM_FLOWS_FEEDBACK_RATE", "500")
    return Settings()


@pytest.fixture
def movies(site):
    """Make empty movies of a session of single particles; return their names below it."""

    def make(count: int, raw: str = "raw7", first: int = 1) -> list[str]:
        names = [
            f"Images-Disc1/GridSquare_1/Data/FoilHole_{number}_20260101_{number:06}_fractions.tiff"
            for number in range(first, first + count)
        ]
        return [touched(site.folder / raw, name) for name in names]

    return make


@pytest.fixture
def tilts(site):
    """Make empty movies of a tilt series; return their names."""

    def make(angles: list[float], series: str = "Position_1", raw: str = "raw2", first: int = 1) -> list[str]:
        names = [
            f"{series}_{number:03}_{angle}_20260101_{number:06}_fractions.tiff"
            for number, angle in enumerate(angles, start=first)
        ]
        return [touched(site.folder / raw, name) for name in names]

    return make


def touched(folder: Path, name: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return name
