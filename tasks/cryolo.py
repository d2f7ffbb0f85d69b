"""How crYOLO is asked and understood; the steps that use it say what they want of it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tasks.command import run
from tasks.distribution import distribution_version
from tasks.errors import CommandError, InputError, ResultError

CONFIGURATION = "cryolo_config.json"
_FILTERED = "filtered/"
_TOTAL = re.compile(r"^(\d+) particles in total has been found", re.MULTILINE)
_DELETED = re.compile(r"^Deleted (\d+) particles", re.MULTILINE)
_TRACED = re.compile(r"^(\d+) Particles were found by tracing", re.MULTILINE)
_NO_MEMORY = "Not enough GPU memory"
# Some versions fall over the lists of an image in which there is not one box.
_NOTHING = "IndexError: list index out of range"


def cryolo_version(executable: str) -> str:
    """Return the name and version of crYOLO, which none of its programs says."""
    return f"crYOLO {distribution_version(executable, 'cryolo')}"


def require_weights(weights: Path) -> None:
    """Refuse weights that are not there, before any work."""
    if not weights.is_file():
        raise InputError(weights, "no such file", "the weights of a network of crYOLO (.h5)")


def configuration(box: int, input_size: int, lowpass: float | None, normalization: str) -> str:
    """Return the configuration that crYOLO wants; the box in pixels, the resolution in cycles per pixel."""
    model: dict[str, object] = {
        "architecture": "PhosaurusNet",
        "input_size": input_size,
        "anchors": [box, box],
        "max_box_per_image": 700,
        "norm": normalization,
    }
    if lowpass is not None:
        model["filter"] = [lowpass, _FILTERED]
    return json.dumps({"model": model, "other": {"log_path": "logs/"}}, indent=4)


def predict(command: Sequence[str], cwd: Path, log: Path) -> int:
    """Run a prediction in a folder, and return how many particles it says to have found."""
    try:
        said = run(command, cwd=cwd, log=log)
    except CommandError:
        last = log.read_text(errors="replace").rstrip().rsplit("\n", maxsplit=1)[-1]
        if last.strip() != _NOTHING:
            raise
        return 0
    if _NO_MEMORY in said:
        # It ends with status 0.
        raise CommandError(
            f"{command[0]} ran out of memory of the GPU ({_NO_MEMORY}); try a smaller prediction batch size", log
        )
    return count(said)


def count(said: str) -> int:
    """Return the number of particles by what crYOLO prints: traced through a tomogram, or found and not deleted."""
    traced, total = _TRACED.search(said), _TOTAL.search(said)
    if traced:
        return int(traced[1])
    if total is None:
        raise ResultError(f"crYOLO did not say how many particles it found; it last said: {said.strip()[-200:]}")
    return int(total[1]) - sum(map(int, _DELETED.findall(said)))
