import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from faults.facility import Facility

from flows.local import deploy, prefect_server


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Prefect server that has all deployments, to be copied."""
    folder = tmp_path_factory.mktemp("deployed") / "prefect"
    with prefect_server(folder) as environment:
        deploy(environment)
    return folder


@pytest.fixture
def facility(deployed: Path, tmp_path: Path) -> Iterator[Callable[..., Facility]]:
    """Build a facility with a server; no process of it is left at the end."""
    built: list[Facility] = []

    def build(url: str | None = None, **given: object) -> Facility:
        shutil.copytree(deployed, tmp_path / "prefect")
        made = Facility(tmp_path, url or f"sqlite:///{tmp_path}/ledger.db", **given)
        built.append(made)
        made.start_server()
        return made

    yield build
    for made in built:
        made.stop()


@pytest.fixture
def healing(record_property, capsys) -> Callable[[str], AbstractContextManager[None]]:
    """Print how long it takes until all goes on after a fault."""

    @contextmanager
    def timed(fault: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        with capsys.disabled():
            print(f"\n{fault}: {time.monotonic() - begun:.1f} s until it goes on")  # noqa: T201

    return timed
