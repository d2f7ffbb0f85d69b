"""Every test writes as a user with the rights that we ask facilities for, into data collections of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mariadb_server import WRITER, Collection, Ispyb

from tasks.ispyb import Database, open_ispyb

Open = Callable[..., Database]


@pytest.fixture
def open_as(ispyb: Ispyb, tmp_path: Path) -> Iterator[Open]:
    """Open ISPyB as a user; it is closed after the test."""
    opened = []

    def database(user: str = WRITER) -> Database:
        opened.append(open_ispyb(ispyb.credentials(tmp_path, user)))
        return opened[-1]

    yield database
    for each in opened:
        each.close()


@pytest.fixture
def database(open_as: Open) -> Database:
    return open_as()


@pytest.fixture
def collection(ispyb: Ispyb) -> Collection:
    return ispyb.collection("em-spa-preprocess")
