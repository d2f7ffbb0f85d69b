import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tasks.errors import InputError
from tasks.formats.tiff import write_tiff_frames
from tasks.ledger import Ledger, Session, find_session, open_ledger, open_session
from tasks.watching.arrivals import arrived

PARAMETERS = {"acquisition": {"pixel_size": 1}}


@pytest.fixture
def ledger(tmp_path, monkeypatch) -> Ledger:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", url)
    return open_ledger(url)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_session_is_watched_until_told_to_stop(tmp_path, ledger, told):
    movie = tmp_path / "raw" / "a.tif"
    write_tiff_frames(movie, [np.ones((4, 5), np.uint8)] * 2, 2.0)
    options = [
        "--session",
        "grid",
        "--no-events",
        "--interval",
        "0.05",
        "--settling",
        "0.1",
        "--set",
        "acquisition.pixel_size=1",
    ]
    command = [sys.executable, "-m", "flows", "watch", movie.parent, *options]
    # Without a Prefect of the user's own.
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, env=environment)
    try:
        until(lambda: is_open(ledger) and list(arrived(ledger, "grid").sizes) == [str(movie)])
        process.send_signal(told)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert find_session(ledger, "grid").parameters == {"acquisition": {"pixel_size": 1}}
    assert find_session(ledger, "grid").folder == Path("results/grid").resolve()
    said = (tmp_path / "log").read_text()
    assert "arrived: 1 tilt_movie, the newest" in said
    assert said.endswith("stopped\n")


def test_a_session_is_not_watched_with_other_parameters(tmp_path, ledger):
    folder = Path("results/grid").resolve()
    open_session(ledger, Session(name="grid", kind="tomography", folder=folder, parameters=PARAMETERS))
    result = watched(tmp_path, "acquisition.pixel_size=2")
    assert isinstance(result.exception, InputError)
    assert "as it was opened: {'acquisition': {'pixel_size': 1}}" in str(result.exception)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [("colour=blue", "colour: Extra inputs are not permitted"), ("denoiser.tool=topaz", "acquisition: Field required")],
)
def test_parameters_that_cannot_be_used_are_refused_before_anything_is_watched(tmp_path, ledger, setting, problem):
    result = watched(tmp_path, setting)
    assert isinstance(result.exception, InputError)
    assert problem in str(result.exception)
    assert not is_open(ledger)


def watched(folder: Path, setting: str):
    """Watch a folder for a session with one parameter."""
    return CliRunner().invoke(app, ["watch", str(folder), "--session", "grid", "--no-events", "--set", setting])


def is_open(ledger: Ledger) -> bool:
    try:
        find_session(ledger, "grid")
    except InputError:
        return False
    return True


def until(done) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)
