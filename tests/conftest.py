import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from mariadb_server import Ispyb, MariaDb
from postgresql_server import Database, Server
from rabbitmq_server import RabbitMq

from tasks.simulation import SimulatedMovies, SimulatedTiltSeries
from tasks.simulation.truth import MoviesTruth, TiltSeriesTruth


@pytest.fixture(scope="session")
def simulated_tilt_series(tmp_path_factory: pytest.TempPathFactory) -> TiltSeriesTruth:
    """9 tilts of -40 to 40 degree, 112 x 128 pixels of 12 angstrom, 3 frames: movies, gain, mdoc, true volume."""
    folder: Path = tmp_path_factory.mktemp("simulated_tilt_series")
    parameters = SimulatedTiltSeries(
        name="ts_01",
        seed=11,
        shape=(112, 128),
        pixel_size=12,
        largest_tilt=40,
        tilt_step=10,
        frames=3,
        beads=6,
        binning=2,
    )
    return parameters.simulate(folder)


@pytest.fixture(scope="session")
def simulated_movies(tmp_path_factory: pytest.TempPathFactory) -> MoviesTruth:
    """2 movies of 192 x 256 pixels of 2 angstrom, 6 frames of 4 electrons per square angstrom, 5 particles each."""
    folder: Path = tmp_path_factory.mktemp("simulated_movies")
    parameters = SimulatedMovies(seed=12, count=2, shape=(192, 256), pixel_size=2, frames=6, dose_per_frame=4)
    return parameters.model_copy(update={"particles": 5, "hot_pixels": 5, "dead_pixels": 2}).simulate(folder)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))
    try:
        server = Server(folder)
        server.start()
        yield server
        server.kill()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def empty_postgresql(postgresql: Server) -> Database:
    """Make new databases on the server; return their URLs."""

    def create() -> str:
        name = f"test_{uuid4().hex}"
        with psycopg.connect(host=str(postgresql.folder), user="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={postgresql.folder}"

    return create


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="ispyb-"))
    server = MariaDb(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def ispyb(mariadb: MariaDb) -> Ispyb:
    """An ISPyB on the server, in which a test registers data collections of its own."""
    return Ispyb(mariadb)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """A RabbitMQ server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="broker-"))
    server = RabbitMq(folder)
    try:
        server.start()
        yield server
    finally:
        server.end()
        shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 30 MiB."""
    folder = tmp_path / "results"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", folder]
    mount = subprocess.run(command, check=False, capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a disk cannot be mounted here: {mount.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
