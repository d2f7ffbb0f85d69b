"""The real Murfey: its server in an environment of its own, at which the test does what Murfey's client does."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import yaml
from cryptography.fernet import Fernet
from mariadb_server import free_port
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier
from rabbitmq_server import RabbitMq

PYTHON = Path(__file__).parents[2] / ".venv-murfey" / "bin" / "python"
needs_murfey = pytest.mark.skipif(not PYTHON.exists(), reason="no Murfey: run make .venv-murfey/.installed")
SERVER = Path(__file__).parent / "real_server.py"
INSTRUMENT, VISIT, YEAR = "talos1", "cm12345-1", "2026"
HOLDS = ("hold_class2d", "hold_class3d", "hold_refine")
SPA = tuple(f"em-spa-{stage}" for stage in ("preprocess", "extract", "class2d", "class3d", "refine"))
TOMOGRAPHY = ("em-tomo-preprocess", "em-tomo-align")
COLLECTION = {
    "voltage": 300,
    "image_size_x": 512,
    "image_size_y": 512,
    "file_extension": ".tiff",
    "acquisition_software": "epu",
}


@dataclass
class RealMurfey:
    """A server of Murfey, with its database and its settings in a folder."""

    folder: Path
    broker: RabbitMq
    database: str
    """URL of an empty database of a PostgreSQL server that is reached by a socket."""
    visits: Path
    """Folder in which each year has its visits."""
    small: Mapping[str, int]
    """Parameters of single particles that are not Murfey's defaults."""
    session: int = 0
    port: int = field(default_factory=free_port)

    @property
    def visit(self) -> Path:
        return self.visits / YEAR / VISIT

    @contextmanager
    def running(self) -> Iterator["RealMurfey"]:
        """Have the server run meanwhile, with a session."""
        server = self._start()
        try:
            self._wait(server)
            self._begin()
            yield self
        finally:
            server.terminate()
            try:
                server.wait(15)
            except psutil.TimeoutExpired:
                server.kill()

    def post(self, path: str, data: Mapping[str, object]) -> Any:
        """Tell the server something, as its client does."""
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = httpx.post(f"http://127.0.0.1:{self.port}/{path}", json=dict(data), headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def workflow(self, place: str, **told: object) -> Any:
        """Tell the server something of what is to be processed."""
        names = {"visit": f"visits/{VISIT}", "session": f"sessions/{self.session}"}
        return self.post(f"workflow/{place.format(**names)}", told)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return what stands in a table of Murfey's."""
        with psycopg.connect(self.database, row_factory=dict_row) as connection:
            return connection.execute(SQL("SELECT * FROM {}").format(Identifier(table))).fetchall()

    def holds(self) -> dict[str, bool]:
        """Return what Murfey holds back."""
        return {
            f"{row['pj_id']} {name}": row[name]
            for row in self.rows("classificationfeedbackparameters")
            for name in HOLDS
        }

    def register(self, kind: str, source: str, tag: str, recipes: tuple[str, ...], **parameters: object) -> None:
        """Register a data collection and its jobs."""
        group = {"spa": 37, "tomography": 36}[kind]
        where = "{visit}/{session}"
        self.workflow(f"{where}/register_data_collection_group", experiment_type_id=group, tag=source)
        common = COLLECTION | {"experiment_type": kind, "magnification": 81000, "tag": tag, "source": source}
        self.workflow(f"{where}/start_data_collection", **common, image_directory=source, **parameters)
        for recipe in recipes:
            self.workflow(f"{where}/register_processing_job", tag=tag, source=source, recipe=recipe)

    def _start(self) -> psutil.Popen:
        environment = os.environ | self._settings() | {"SMALL_NUMBERS": json.dumps(self.small), "COLUMNS": "200"}
        command = [PYTHON, SERVER, "--host", "127.0.0.1", "--port", str(self.port), "--feedback"]
        with (self.folder / "log").open("ab") as log:
            where = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": self.folder}
            return psutil.Popen(command, env=environment, **where)

    def _settings(self) -> dict[str, str]:
        key, database = Fernet.generate_key(), psycopg.conninfo.conninfo_to_dict(self.database)
        contents = {
            "machine.yaml": {INSTRUMENT: {"rsync_basepath": str(self.visits), "data_transfer_enabled": False}},
            "database.yaml": {
                "username": "postgres",
                "password": Fernet(key).encrypt(b"none").decode(),
                "host": "",
                "port": 5432,
                # Of the URL that Murfey makes of it.
                "database": f"{database['dbname']}?host={database['host']}",
            },
            "security.yaml": {
                "murfey_db_credentials": str(self.folder / "database.yaml"),
                "crypto_key": key.decode(),
                "rabbitmq_credentials": str(self.folder / "rabbit.cfg"),
                "auth_type": "none",
                "cookie_key": "murfey",
                "auth_key": "for tests only",
            },
        }
        for name, content in contents.items():
            (self.folder / name).write_text(yaml.safe_dump(content))
        lines = ["[rabbit]", "host = 127.0.0.1", f"port = {self.broker.port}", "vhost = /"]
        (self.folder / "rabbit.cfg").write_text("\n".join([*lines, "username = guest", "password = guest", ""]))
        return {
            "MURFEY_MACHINE_CONFIGURATION": str(self.folder / "machine.yaml"),
            "MURFEY_SECURITY_CONFIGURATION": str(self.folder / "security.yaml"),
            "BEAMLINE": INSTRUMENT,
        }

    def _wait(self, server: psutil.Popen) -> None:
        until = time.monotonic() + 180
        while time.monotonic() < until and server.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/version/", timeout=5)
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return
        pytest.fail(f"Murfey did not start: {(self.folder / 'log').read_text()}")

    def _begin(self) -> None:
        """Begin a session as the user does in the browser; what is told of it from now on comes from its client."""
        at, cookies = f"http://127.0.0.1:{self.port}", {"murfey": "any"}
        made = f"{at}/session_info/instruments/{INSTRUMENT}/visits/{VISIT}/sessions/test"
        self.session = httpx.post(made, json={}, cookies=cookies, timeout=60).raise_for_status().json()
        token = httpx.get(f"{at}/auth/sessions/{self.session}/token", cookies=cookies, timeout=60)
        self._token = token.raise_for_status().json()["access_token"]


@dataclass
class SingleParticles:
    """What Murfey's client tells of a folder of movies of single particles."""

    murfey: RealMurfey
    raw: str = "raw7"
    images: int = 0

    @property
    def source(self) -> str:
        return f"/microscope/{VISIT}/{self.raw}"

    def movie(self, name: str) -> None:
        """Tell of a movie, perhaps again."""
        self.images += 1
        path = str(self.murfey.visit / self.raw / name)
        told = {"tag": self.source, "path": path, "description": "", "image_number": self.images}
        self.murfey.workflow("spa/{visit}/{session}/spa_preprocess", **told)

    def begin(self, pixel_size: float = 0.831, **parameters: object) -> None:
        """Register the data collection, and send what is stashed."""
        self.murfey.register("spa", self.source, self.source, SPA, pixel_size_on_image=f"{pixel_size}e-10")
        told = COLLECTION | {
            "tag": self.source,
            "dose_per_frame": 1.1,
            "experiment_type": "spa",
            "pixel_size_on_image": f"{pixel_size}e-10",
            "motion_corr_binning": 1,
            "symmetry": "C1",
        }
        self.murfey.workflow("spa/{session}/spa_processing_parameters", **told | parameters)
        self.murfey.workflow("spa/{visit}/{session}/flush_spa_processing", tag=self.source)


@dataclass
class TiltSeries:
    """What Murfey's client tells of a folder of tilt series."""

    murfey: RealMurfey
    raw: str = "raw2"
    images: int = 0
    parameters: dict[str, Any] = field(
        default_factory=lambda: {"dose_per_frame": 0.35, "frame_count": 10, "tilt_axis": 85.3, "motion_corr_binning": 1}
    )

    @property
    def source(self) -> str:
        return f"/microscope/{VISIT}/{self.raw}"

    def tilt(self, name: str) -> None:
        """Tell of a movie of a tilt."""
        self.images += 1
        tag, path = "_".join(Path(name).stem.split("_")[:-5]), str(self.murfey.visit / self.raw / name)
        series = {"session_id": self.murfey.session, "tag": tag, "source": self.source}
        self.murfey.workflow("tomo/{visit}/tilt_series", **series)
        tilt = {"tilt_series_tag": tag, "movie_path": path, "source": self.source}
        self.murfey.workflow("tomo/{visit}/{session}/tilt", **tilt)
        told = {"path": path, "description": "", "tag": tag, "image_number": self.images, "pixel_size": 2.13e-10}
        told |= {"dose_per_frame": 0.35, "frame_count": 10, "tilt_axis": 85.3, "group_tag": self.source}
        self.murfey.workflow("tomo/{visit}/{session}/tomography_preprocess", **told)

    def mdoc(self, tag: str, length: int) -> None:
        """Tell of the mdoc file of a series: its length, and that it is complete."""
        told = {"tags": [tag], "source": self.source, "tilt_series_lengths": [length]}
        self.murfey.workflow("tomo/{session}/tilt_series_length", **told)
        self.murfey.workflow("tomo/{visit}/{session}/completed_tilt_series", **told)

    def begin(self, tag: str) -> None:
        """Register the data collection of a series, and send what is stashed."""
        self.murfey.register("tomography", self.source, tag, TOMOGRAPHY, pixel_size_on_image="2.13e-10")
        told = COLLECTION | self.parameters | {"tag": self.source, "tilt_series_tag": tag}
        told |= {"experiment_type": "tomography", "pixel_size_on_image": "2.13e-10", "eer_fractionation": 20}
        self.murfey.workflow("tomo/{session}/tomography_processing_parameters", **told)
        self.murfey.workflow("tomo/{visit}/{session}/flush_tomography_processing", rsync_source=self.source)

    def late_tilt(self, name: str) -> None:
        """Tell of a tilt of a series that was complete."""
        tag = "_".join(Path(name).stem.split("_")[:-5])
        series = {"session_id": self.murfey.session, "tag": tag, "source": self.source}
        self.murfey.workflow("tomo/{visit}/rerun_tilt_series", **series)
        self.tilt(name)
