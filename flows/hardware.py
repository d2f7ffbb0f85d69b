"""The cores and GPUs of this host."""

import os
from pathlib import Path

from tasks.command import run
from tasks.errors import CommandError


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def numbers(gpus: str) -> list[str]:
    """Return the GPUs that are named, or all: those that this process may see."""
    visible = gpus if gpus != "all" else os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        visible = ",".join(run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], cwd=Path.cwd()).split())
    if not visible:
        raise CommandError("there is no GPU for CRYOEM_FLOWS_GPUS=all: CUDA_VISIBLE_DEVICES or nvidia-smi names none")
    return visible.split(",")
