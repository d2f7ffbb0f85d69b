"""A program that starts a child and hangs, to see that nothing is left of it."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil


def forking(folder: Path) -> Path:
    """Write a tool that starts a child, notes both process numbers, and hangs."""
    tool = folder / "forks.sh"
    tool.write_text("#!/bin/sh\nsleep 600 &\necho $! $$ > pids\nwait\n")
    tool.chmod(0o755)
    return tool


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
