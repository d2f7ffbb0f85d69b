import errno
import os
import signal
import subprocess
import sys
from typing import Annotated

import pytest
from forking_programs import alive, forking, wait_for

from tasks.command import Flag, flags, run, service
from tasks.errors import CommandError
from tasks.models import Model


class Tool(Model):
    patches: Annotated[tuple[int, int], Flag("-Patch")] = (5, 5)
    voltage: Annotated[float | None, Flag("-Kv")] = None
    binning: Annotated[float, Flag("-FtBin")] = 1.5
    note: str = "no flag"


def test_flags_follow_the_fields_and_leave_out_none():
    assert flags(Tool()) == ["-Patch", "5", "5", "-FtBin", "1.5"]
    assert flags(Tool(voltage=300, patches=(1, 2))) == ["-Patch", "1", "2", "-Kv", "300", "-FtBin", "1.5"]


def test_returns_what_the_program_printed_on_both_streams_and_keeps_the_log(tmp_path):
    log = tmp_path / "log"
    text = run(["sh", "-c", "pwd; echo problem >&2"], cwd=tmp_path, log=log)
    assert text == f"{tmp_path}\nproblem\n"
    assert log.read_text() == text


def test_types_the_answers_line_by_line(tmp_path):
    assert run(["cat"], cwd=tmp_path, answers=["in put.mrc", 1.35, 5000, True]) == "in put.mrc\n1.35\n5000\n1\n"


def test_arguments_are_not_seen_by_a_shell(tmp_path):
    assert run(["echo", "a b", "$HOME", "(1);"], cwd=tmp_path) == "a b $HOME (1);\n"


def test_sets_the_environment(tmp_path):
    assert run(["sh", "-c", "echo $COLOUR"], cwd=tmp_path, environment={"COLOUR": "blue"}) == "blue\n"


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        ("echo bad gain; exit 3", "failed with status 3; it last said:\nbad gain"),
        ("kill -SEGV $$", "was ended by signal 11"),
    ],
)
def test_a_failure_names_the_program_how_it_ended_and_what_it_said(tmp_path, script, ending):
    with pytest.raises(CommandError, match=r"^sh ") as error:
        run(["sh", "-c", script], cwd=tmp_path)
    assert ending in str(error.value)


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (["sh", "-c", "exit 3"], r"no-such-refinement \(started by sh\) failed with status 3"),
        (["no-such-mpirun", "no-such-refinement"], r"no-such-refinement \(started by no-such-mpirun\) was not found"),
        (["no-such-refinement"], "no-such-refinement was not found"),
    ],
)
def test_a_failure_names_the_program_that_is_meant_before_that_which_starts_it(tmp_path, words, begins):
    with pytest.raises(CommandError, match=f"^{begins}"):
        run(words, cwd=tmp_path, program="no-such-refinement")


def test_a_full_disk_is_said_to_be_full_though_the_log_has_no_place_for_it(small_disk):
    with pytest.raises(CommandError, match=os.strerror(errno.ENOSPC)):
        run(["sh", "-c", "cat /dev/zero > all"], cwd=small_disk, log=small_disk / "log")
    assert (small_disk / "log").read_text() == ""


def test_a_missing_program_is_named(tmp_path):
    with pytest.raises(CommandError, match="no-such-program was not found"):
        run(["no-such-program"], cwd=tmp_path)


def test_a_program_that_takes_too_long_dies_with_its_children(tmp_path):
    with pytest.raises(CommandError, match="took longer than 1 s"):
        run([forking(tmp_path)], cwd=tmp_path, timeout=1)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert wait_for(lambda: not any(map(alive, pids)))


def test_children_that_outlive_the_program_are_ended(tmp_path):
    run(["sh", "-c", "sleep 600 & echo $! > pid"], cwd=tmp_path)
    assert wait_for(lambda: not alive(int((tmp_path / "pid").read_text())))


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_program_dies_with_its_children_when_we_die(tmp_path, ending):
    # Whoever starts the tests in the background has them ignore SIGINT.
    call = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from pathlib import Path; from tasks.command import run;"
        f"run(['{forking(tmp_path)}'], cwd=Path('{tmp_path}'))"
    )
    with subprocess.Popen([sys.executable, "-c", call], stderr=subprocess.DEVNULL) as us:
        assert wait_for(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n"))
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert all(map(alive, pids))
        os.kill(us.pid, ending)
        assert wait_for(lambda: us.poll() is not None)
    assert wait_for(lambda: not any(map(alive, pids)))


def test_a_service_runs_during_the_block_and_leaves_nothing(tmp_path):
    with service([forking(tmp_path)], cwd=tmp_path, log=tmp_path / "log"):
        assert wait_for(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n"))
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert all(map(alive, pids))
    assert not any(map(alive, pids))
