import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from forking_programs import alive, forking, wait_for

from tasks.command import find, installation, run
from tasks.errors import CommandError
from tasks.starting import start


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Write the programs of a site, which has a ``module`` of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "programs.yaml"))
    init = tmp_path / "profile"
    init.write_text(
        "echo welcome to this machine; read -r eaten\n"
        'module() { [ "$2" != absent ] || { echo "Unable to locate a modulefile for absent" >&2; return 1; }; '
        f'shift; for each in "$@"; do export LOADED="$LOADED$each;" PATH="{tmp_path}/$each:$PATH"; done; }}\n'
    )

    def write(text: str) -> None:
        (tmp_path / "programs.yaml").write_text(f"module_init: {init}\nprograms:\n{text}\n")

    return write


def executable(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


@pytest.fixture
def apptainer(tmp_path, monkeypatch) -> Path:
    """Stand in for apptainer: note the words, hand on the variables that it would, and do the command."""
    path = executable(
        tmp_path / "bin" / "apptainer",
        f"printf '%s\\n' \"$@\" > {tmp_path}/asked",
        'while [ "$1" != image.sif ]; do shift; done; shift',
        'exec env COLOUR="$APPTAINERENV_COLOUR" GPU="$APPTAINERENV_CUDA_VISIBLE_DEVICES" "$@"',
    )
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def test_what_the_site_says_nothing_of_is_started_as_it_stands(site, tmp_path):
    site("  other: {path: /opt/other}")
    assert start(["tool", "-x"], "tool", tmp_path, {"A": "b"}).words == ["tool", "-x"]


def test_a_path_takes_the_place_of_the_name(site, tmp_path):
    executable(tmp_path / "opt" / "tool_1.2", 'echo "1.2 $1"')
    site(f"  tool: {{path: {tmp_path}/opt/tool_1.2}}")
    assert run(["tool", "tool-like"], cwd=tmp_path) == "1.2 tool-like\n"
    assert find("tool") == f"{tmp_path}/opt/tool_1.2"


def test_modules_are_loaded_before_the_program_in_their_order_without_a_word_of_the_machine(site, tmp_path):
    executable(tmp_path / "tool/2" / "tool", 'echo "$LOADED $1"; cat')
    site("  tool: {modules: [cuda/12, tool/2]}")
    assert run(["tool", "a b"], cwd=tmp_path, answers=["an answer"]) == "cuda/12;tool/2; a b\nan answer\n"
    assert find("tool") == f"{tmp_path}/tool/2/tool"


def test_a_module_that_is_not_there_is_named_with_the_program(site, tmp_path):
    site("  tool: {modules: [absent]}")
    with pytest.raises(CommandError, match=r"^tool was not found(?s:.*)Unable to locate a modulefile for absent"):
        run(["tool"], cwd=tmp_path)
    assert find("tool") is None


def test_a_program_runs_in_its_conda_environment_without_conda_and_without_our_own_python(site, tmp_path, monkeypatch):
    prefix = tmp_path / "envs" / "my tool"
    executable(prefix / "bin" / "tool", 'echo "$CONDA_PREFIX|$FROM_SCRIPT|$PYTHONPATH"')
    (prefix / "etc/conda/activate.d").mkdir(parents=True)
    (prefix / "etc/conda/activate.d/a.sh").write_text("export FROM_SCRIPT=yes\necho noise\n")
    monkeypatch.setenv("PYTHONPATH", "/ours")
    site(f"  tool: {{conda: {prefix}}}")
    assert run(["tool"], cwd=tmp_path) == f"{prefix}|yes|\n"


def test_a_conda_environment_that_is_not_there_is_named(site, tmp_path):
    site(f"  tool: {{conda: {tmp_path}/none}}")
    with pytest.raises(CommandError, match=f"^tool was not found(?s:.*)no conda environment {tmp_path}/none"):
        run(["tool"], cwd=tmp_path)


def test_folders_and_variables_hold_for_the_program(site, tmp_path):
    executable(tmp_path / "imod" / "bin" / "tilt", 'echo "$IMOD_DIR"')
    site(
        f"  imod: {{names: [tilt, 'b*'], search: [{tmp_path}/imod/bin], variables: {{IMOD_DIR: '$HOME is not read'}}}}"
    )
    assert run(["tilt"], cwd=tmp_path) == "$HOME is not read\n"


def test_a_container_sees_its_folder_and_those_of_the_site_and_its_own_variables_only(
    site, tmp_path, apptainer, monkeypatch
):
    executable(tmp_path / "bin" / "tool", 'echo "$COLOUR $GPU $1"')
    site("  tool: {container: {image: image.sif, binds: [/data, /results], gpu: true}, variables: {COLOUR: 'a,b'}}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert run(["tool", "-x"], cwd=tmp_path) == "a,b 0,1 -x\n"
    binds = ["--bind", str(tmp_path), "--bind", "/data", "--bind", "/results"]
    words = ["exec", "--cleanenv", "--nv", "--pwd", str(tmp_path), *binds, "image.sif", "tool", "-x"]
    assert (tmp_path / "asked").read_text().splitlines() == words
    assert find("tool") == str(tmp_path / "bin" / "tool")


def test_docker_is_told_the_user_the_folders_and_a_name_by_which_it_can_be_ended(site, tmp_path):
    site("  tool: {container: {image: 'site/tool:1', runtime: docker, gpu: true}, variables: {COLOUR: blue}}")
    command = start(["tool", "-x"], "tool", tmp_path, {})
    name = command.words[command.words.index("--name") + 1]
    assert command.words == [
        *["docker", "run", "--rm", "--init", "--interactive", "--name", name, "--workdir", str(tmp_path)],
        *["--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{tmp_path}:{tmp_path}"],
        *["--env", "COLOUR=blue", "--gpus", "all", "--entrypoint", "tool", "site/tool:1", "-x"],
    ]
    assert re.match(f"docker rm --force {name} ", command.ending)


def test_a_container_of_docker_that_takes_too_long_is_removed(site, tmp_path, monkeypatch):
    executable(tmp_path / "bin" / "docker", f'echo "$@" >> {tmp_path}/asked', '[ "$1" = rm ] || sleep 600')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    site("  tool: {container: {image: site/tool, runtime: docker}}")
    with pytest.raises(CommandError, match="took longer"):
        run(["tool"], cwd=tmp_path, timeout=1)
    ran, removed = (tmp_path / "asked").read_text().splitlines()
    assert removed.removeprefix("rm --force ") in ran


def test_the_program_that_mpi_starts_decides_and_not_mpi(site, tmp_path):
    executable(tmp_path / "relion/5" / "mpirun", 'echo "the mpirun of $LOADED"; shift 2; exec "$@"')
    executable(tmp_path / "relion/5" / "relion_refine_mpi", 'echo "asked $1"')
    site("  relion: {names: ['relion_*'], modules: [relion/5]}")
    words = ["mpirun", "-n", "3", "relion_refine_mpi", "--o"]
    said = run(words, cwd=tmp_path, program="relion_refine_mpi")
    assert said == "the mpirun of relion/5;\nasked --o\n"
    assert find("mpirun", "relion_refine_mpi") == f"{tmp_path}/relion/5/mpirun"


def test_another_installation_is_told_apart(site, tmp_path):
    site("  tool: {modules: [tool/1]}")
    before = installation("tool")
    site("  tool: {modules: [tool/2]}  # newer")
    assert installation("tool") != before
    assert installation("sh") == installation("sh")
    assert not installation("no-such-program")


WAYS = {
    "bash": "  forks.sh: {modules: [cuda/12], search: [FOLDER]}",
    "conda": "  forks.sh: {conda: FOLDER/env}",
    "apptainer": "  forks.sh: {container: {image: image.sif}, path: FOLDER/forks.sh}",
    "mpi": "  nothing: {path: /x}",
}


@pytest.mark.parametrize("way", [*WAYS, "own session"])
def test_nothing_is_left_of_a_program_that_takes_too_long_however_it_was_started(site, tmp_path, apptainer, way):
    words = prepared(site, tmp_path, way)
    with pytest.raises(CommandError, match=r"took longer than 3 s"):
        run(words, cwd=tmp_path, timeout=3)
    assert (tmp_path / "pids").exists()
    assert wait_for(lambda: not any(map(alive, pids(tmp_path))))


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_of_a_program_when_we_are_killed_however_it_was_started(site, tmp_path, apptainer, way):
    words = prepared(site, tmp_path, way)
    call = f"from pathlib import Path; from tasks.command import run; run({words!r}, cwd=Path({str(tmp_path)!r}))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", call], stderr=subprocess.DEVNULL, env=environment) as us:
        assert wait_for(lambda: len(pids(tmp_path)) == 2)
        assert all(map(alive, pids(tmp_path)))
        us.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not any(map(alive, pids(tmp_path))))


def prepared(site, folder: Path, way: str) -> list[str]:
    """Return how a program that forks is called where a site starts it in some way."""
    tool = forking(folder)
    executable(folder / "env" / "bin" / "forks.sh", f"exec {tool}")
    site(WAYS.get(way, WAYS["mpi"]).replace("FOLDER", str(folder)))
    return {"mpi": apart(tool, "os.setpgid(0, 0)"), "own session": apart(tool, "os.setsid()")}.get(way, ["forks.sh"])


def apart(tool: Path, how: str) -> list[str]:
    """Return a command that, as MPI does, starts a program apart from itself: in a group or session of its own."""
    start_apart = f"os.fork() or ({how}, os.execv({str(tool)!r}, ['forks']))"
    return [sys.executable, "-c", f"import os, time; {start_apart}; time.sleep(600)"]


def pids(folder: Path) -> list[int]:
    file = folder / "pids"
    return [int(pid) for pid in file.read_text().split()] if file.exists() else []
