"""Install a stand-in for a program that cannot be had, and read what it was asked."""

import json
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
_PATHS = [str(SOURCES.parent), str(SOURCES.parents[1])]
# What lies beside a program in its environment: the Python that knows its version.
_BESIDE = {program: {"python_of_programs": "python"} for program in ("cryolo", "ib_job")}


def install(program: str, folder: Path, name: str | None = None) -> Path:
    """Copy a stand-in to a folder as an executable (with the program's own name), run by this Python."""
    # The copy finds `stand_ins` and `tasks` wherever it lies, whatever the environment says.
    head = f"#!{sys.executable}\nimport sys\n\nsys.path[:0] = {_PATHS!r}\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or program)
    path.write_text(head + (SOURCES / f"{program}.py").read_text())
    path.chmod(0o755)
    for companion, its_name in _BESIDE.get(program, {}).items():
        install(companion, folder, its_name)
    return path


def record(said: list[str]) -> None:
    """Note what the running stand-in was asked: its arguments, or its answers."""
    with Path(f"{sys.argv[0]}.calls.jsonl").open("a") as file:
        file.write(json.dumps(said) + "\n")


def calls(program: Path) -> list[list[str]]:
    """Return what an installed stand-in was asked, call by call."""
    path = Path(f"{program}.calls.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
