"""A MariaDB server with an ISPyB in it, which a test starts, kills and starts again."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import URL, Connection, Engine, MetaData, Table, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from tasks.ispyb.rows import KEYS

ROLE = Path(__file__).parents[1] / "deployments" / "ispyb_role.sql"
PASSWORD = "p@ss:w/rd#%41 ;"  # noqa: S105 - with all that an address can misunderstand
WRITER = "cryoem_flows"
UNBUFFERED = "unbuffered"
"""A user whose role has no right on the table of Murfey's numbers, as those that facilities had before us."""

# As facilities have it: no strictness, and the letters of western Europe.
SETTINGS = {
    "bind-address": "127.0.0.1",
    "sql-mode": "",
    "character-set-server": "latin1",
    # What was committed outlives the process, if not the machine.
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-buffer-pool-size": "64M",
    "innodb-log-file-size": "16M",
    "max-connections": "60",
    "performance-schema": "OFF",
    # Not where the writers are.
    "default-time-zone": "+05:00",
}
DRIVER = {"use_pure": True, "charset": "utf8mb4", "collation": "utf8mb4_general_ci"}
PARENTS = ("Person", "Proposal", "BLSession", "DataCollection", "ExperimentType", "FoilHole", "ProcessingJob")
OTHERS = ("Session_has_Person", "AutoProcProgram", "zc_ZocaloBuffer")


class MariaDb:
    """A MariaDB server in a folder, which is also that of its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self.port = free_port()
        self.account = account(folder)
        initialise = [mariadb_program("mariadb-install-db"), "--no-defaults", f"--datadir={folder / 'data'}"]
        quietly = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        with (folder / "log").open("ab") as log:
            where = {"stdout": log, "stderr": log, "cwd": folder}
            subprocess.run([*initialise, *quietly], check=True, **where, **self.account)
        self.root = self.engine()

    def start(self) -> None:
        places = {"datadir": "data", "socket": "socket", "pid-file": "pid", "log-error": "log"}
        options = SETTINGS | {name: str(self.folder / place) for name, place in places.items()}
        options |= {"port": str(self.port)}
        given = [f"--{name}={value}" for name, value in options.items()]
        command = [mariadb_program("mariadbd"), "--no-defaults", "--skip-log-bin", "--skip-name-resolve", *given]
        self.process = psutil.Popen(command, cwd=self.folder, **self.account)
        self._wait()

    def kill(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self.process.kill()
        self.process.wait(30)
        self.root.dispose()

    def engine(self, database: str | None = None) -> Engine:
        """Connections of the administrator."""
        query = {"unix_socket": str(self.socket)}
        url = URL.create("mysql+mysqlconnector", "root", host="localhost", database=database, query=query)
        return create_engine(url, connect_args=DRIVER, pool_pre_ping=True)

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.root.connect().close()
            except SQLAlchemyError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"MariaDB did not start: {(self.folder / 'log').read_text()}")


@dataclass(frozen=True)
class Collection:
    """A data collection as Murfey registers it, with a program for each recipe that was asked for."""

    id: int
    grid_square: int
    foil_hole: int
    programs: Mapping[str, int]

    @property
    def program(self) -> int:
        """The program of the first recipe."""
        return next(iter(self.programs.values()))


class Ispyb:
    """An ISPyB: the tables of electron microscopy and all that they refer to, and users with rights."""

    def __init__(self, server: MariaDb, name: str = "ispyb") -> None:
        self.server, self.name = server, name
        with server.root.begin() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        self.root = server.engine(name)
        make_tables(self.root)
        with self.root.begin() as connection:
            for statement in statements(ROLE.read_text()):
                connection.execute(text(statement))
            make_users(connection)
            self.visit = make_visit(connection)

    def credentials(self, folder: Path, user: str = WRITER, **changes: object) -> Path:
        """Write a file of credentials."""
        given = {"username": user, "password": PASSWORD, "host": "127.0.0.1", "port": self.server.port}
        lines = [f"{key} = {value}" for key, value in (given | {"database": self.name} | changes).items()]
        file = folder / f"{user}.cfg"
        file.write_text("\n".join(["[ispyb_sqlalchemy]", *lines, ""]))
        file.chmod(0o600)
        return file

    def collection(self, *recipes: str) -> Collection:
        """Register a data collection with its programs."""
        with self.root.begin() as connection:
            group = add(connection, "DataCollectionGroup", sessionId=self.visit, experimentTypeId=37)
            collected = add(connection, "DataCollection", dataCollectionGroupId=group, SESSIONID=self.visit)
            atlas = add(connection, "Atlas", dataCollectionGroupId=group, atlasImage="/atlas.jpg", pixelSize=1e-7)
            square = add(connection, "GridSquare", atlasId=atlas, gridSquareLabel=1)
            foil_hole = add(connection, "FoilHole", gridSquareId=square, foilHoleLabel="1")
            jobs = {
                recipe: add(connection, "ProcessingJob", dataCollectionId=collected, recipe=recipe)
                for recipe in recipes or ("em-spa-preprocess",)
            }
            programs = {recipe: add(connection, "AutoProcProgram", processingJobId=job) for recipe, job in jobs.items()}
        return Collection(collected, square, foil_hole, programs)

    def rows(self, table: str, **where: object) -> list[dict[str, Any]]:
        """The rows of a table in the order in which they were made."""
        conditions = " AND ".join(f"{column} = :{column}" for column in where) or "1"
        with self.root.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {table} WHERE {conditions} ORDER BY 1, 2"), where)  # noqa: S608
            return [dict(row) for row in found.mappings()]

    def execute(self, statement: str, **values: object) -> None:
        """Do something as the administrator."""
        with self.root.begin() as connection:
            connection.execute(text(statement), values)


def make_tables(engine: Engine) -> None:
    """Make the tables that are written, those of their parents, and all that these refer to."""
    from ispyb.sqlalchemy._auto_db_schema import Base  # noqa: PLC0415 - takes a second, also of tests without ISPyB

    with engine.begin() as connection:
        # In any order; the indexes that only make reading quicker are left out, as they take most of the time.
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in needed_tables(Base.metadata):
            connection.execute(CreateTable(table))
            for index in table.indexes:
                if index.unique:
                    connection.execute(CreateIndex(index))
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


def needed_tables(metadata: MetaData) -> list[Table]:
    needed: dict[str, Table] = {}
    wanted = [*KEYS, *PARENTS, *OTHERS]
    while wanted:
        name = wanted.pop()
        if name not in needed:
            needed[name] = metadata.tables[name]
            wanted += [key.column.table.name for key in metadata.tables[name].foreign_keys]
    return list(needed.values())


def statements(script: str) -> list[str]:
    """Split a script of SQL."""
    return [statement.strip() for statement in re.sub(r"--.*", "", script).split(";") if statement.strip()]


def make_users(connection: Connection) -> None:
    """Make a user with the role, and one with all of it but the right on Murfey's numbers."""
    grants = [line for line in statements(ROLE.read_text()) if line.startswith("GRANT") and "zc_Zocalo" not in line]
    for user in (WRITER, UNBUFFERED):
        connection.execute(text(f"CREATE USER {user}@'%' IDENTIFIED BY :password"), {"password": PASSWORD})
    for grant in grants:
        connection.execute(text(grant.replace("TO cryoem_flows_writer", f"TO {UNBUFFERED}@'%'")))
    connection.execute(text(f"GRANT cryoem_flows_writer TO {WRITER}@'%'"))
    connection.execute(text(f"SET DEFAULT ROLE cryoem_flows_writer FOR {WRITER}@'%'"))


def make_visit(connection: Connection) -> int:
    """Register a proposal and a visit."""
    for number, name in ((36, "Tomography"), (37, "Single Particle")):
        add(connection, "ExperimentType", experimentTypeId=number, name=name, proposalType="em")
    person = add(connection, "Person", familyName="Franklin", login="franklin")
    proposal = add(connection, "Proposal", personId=person, proposalCode="cm", proposalNumber="12345")
    start = datetime(2026, 11, 20, 9)  # noqa: DTZ001 - as the database holds it
    visit = add(
        connection, "BLSession", proposalId=proposal, startDate=start, beamLineName="m08", visit_number=1, archived=0
    )
    add(connection, "Session_has_Person", sessionId=visit, personId=person, role="Co-Investigator")
    return visit


def add(connection: Connection, table: str, **values: object) -> int:
    """Insert a row; return its number."""
    columns, given = ", ".join(values), ", ".join(f":{column}" for column in values)
    statement = text(f"INSERT INTO {table} ({columns}) VALUES ({given})")  # noqa: S608
    return int(connection.execute(statement, values).lastrowid or 0)


def mariadb_program(name: str) -> str:
    """Where Debian, or the path, has a program of the server; without it these tests would say nothing about ISPyB."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    return found or pytest.fail("MariaDB is not installed: apt-get install mariadb-server, or run make test as root")


def account(folder: Path) -> dict[str, object]:
    """MariaDB refuses to run as root: then use the account that its package made."""
    if os.geteuid() != 0:
        return {}
    mysql = pwd.getpwnam("mysql")
    os.chown(folder, mysql.pw_uid, mysql.pw_gid)
    return {"user": mysql.pw_uid, "group": mysql.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
