from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.ledger import Arrival, Ledger, Session, open_ledger, open_session
from tasks.watching import Watch, Watcher
from tasks.watching.arrivals import arrived


class Clock:
    """The watcher's own clock, which the test sets."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        self.time += 1e-3
        return self.time


class Watching:
    """A watcher whose time goes on only when the test says so."""

    def __init__(self, ledger: Ledger, folder: Path, **options) -> None:
        self.ledger, self.clock = ledger, Clock()
        self.options = {"session": "grid", "kind": "tomography", "folders": (folder,), "interval": 5, **options}
        self.told: list[Arrival] = []
        self.restart()

    def restart(self, **options) -> None:
        """Forget all that is not in the ledger."""
        self.watch = Watch(**{**self.options, **options})
        self.watcher = Watcher(self.watch, self.ledger, self.told.extend, self.clock)

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.watcher.poll(Event())
            self.clock.time += self.watch.interval

    def settle(self, seconds: float = 200) -> None:
        """Look until mdoc files have settled."""
        self.look(int(seconds / self.watch.interval))

    @property
    def movies(self) -> list[str]:
        return sorted(Path(path).name for path in arrived(self.ledger, "grid").sizes)

    @property
    def series(self) -> dict[str, set[str]]:
        return {Path(mdoc).name: set(movies) for mdoc, movies in arrived(self.ledger, "grid").series.items()}


@pytest.fixture(scope="session")
def ready(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    open_session(ledger, Session(name="grid", kind="tomography", folder=Path("/results/grid")))
    ledger.close()
    return path.read_bytes()


@pytest.fixture
def url(tmp_path, ready) -> str:
    """A ledger with the session "grid"."""
    (tmp_path / "ledger.db").write_bytes(ready)
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url) -> Iterator[Ledger]:
    ledger = open_ledger(url, patience=0.1)
    yield ledger
    ledger.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "session"
    folder.mkdir()
    return folder


@pytest.fixture
def watching(ledger, folder) -> Watching:
    return Watching(ledger, folder)


@pytest.fixture(scope="session")
def contents(tmp_path_factory) -> dict[str, bytes]:
    """Whole movies of three frames, by their suffix."""
    folder = tmp_path_factory.mktemp("contents")
    frames = np.ones((3, 16, 20), np.int16)
    write_mrc(folder / "a.mrc", frames, 2.0, stack=True)
    write_tiff_frames(folder / "a.tif", list(frames.astype(np.uint8)), 2.0)
    return {suffix: (folder / f"a{suffix}").read_bytes() for suffix in (".mrc", ".tif")}


@pytest.fixture
def write(folder, contents):
    """Write whole movies."""

    def write_movies(*names: str) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(contents[Path(name).suffix])

    return write_movies


@pytest.fixture
def write_mdoc(folder):
    """Write an mdoc file that names movies."""

    def write_sections(name: str, movies: list[str]) -> Path:
        lines = ["PixelSpacing = 2", "Voltage = 300", ""]
        for number, movie in enumerate(movies):
            lines += [f"[ZValue = {number}]", f"TiltAngle = {3 * number}", f"SubFramePath = D:\\frames\\{movie}", ""]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines))
        return path

    return write_sections
