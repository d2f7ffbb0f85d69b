"""A PostgreSQL server that a test starts, kills and starts again."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
}

Database = Callable[[], str]
"""Makes a new database and returns its URL."""


class Server:
    """A PostgreSQL server in a folder, which is also that of its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = postgresql_programs()
        self.account = account(folder)
        initialise = [
            self.programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        ]
        subprocess.run(initialise, check=True, stdout=subprocess.DEVNULL, cwd=folder, **self.account)

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *options]
        with (self.folder / "log").open("ab") as log:
            where = {"stdout": log, "stderr": log, "cwd": self.folder, "env": os.environ | (environment or {})}
            self.process = psutil.Popen(command, **where, **self.account)
        wait_for(self.process, self.folder)

    def kill(self) -> None:
        """Kill the server and its children, which otherwise would notice it too late for the next server."""
        family = [self.process, *self.process.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=30)


def postgresql_programs() -> Path:
    """Where Debian, or the path, has the server; without it these tests would say nothing about half of the work."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), Path(shutil.which("initdb") or "")]
    if not found[0].is_file():
        pytest.fail("the PostgreSQL server is not installed: apt-get install postgresql, or run make test as root")
    return found[0].resolve().parent


def account(folder: Path) -> dict[str, object]:
    """PostgreSQL refuses to run as root: then use the account that its package made."""
    if os.geteuid() != 0:
        return {}
    postgres = pwd.getpwnam("postgres")
    os.chown(folder, postgres.pw_uid, postgres.pw_gid)
    return {"user": postgres.pw_uid, "group": postgres.pw_gid, "extra_groups": []}


def wait_for(server: psutil.Popen, folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            psycopg.connect(host=str(folder), user="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
