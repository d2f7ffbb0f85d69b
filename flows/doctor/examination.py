"""Look at everything at once, and wait for nothing longer than is worth it."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from flows.doctor import databases, machine, main_job, programs, services
from flows.doctor.findings import Check, Finding
from tasks.errors import CryoemError

PATIENCE = 30.0
"""Seconds that an answer may take."""


def checks(folder: Path) -> dict[str, Check]:
    """Return all there is to look at, by the heading of what it finds."""
    return {
        main_job.PART: main_job.check,
        programs.SETTINGS: programs.check_settings,
        programs.PART: programs.check,
        machine.GPUS: machine.check_gpus,
        machine.LIBRARIES: machine.check_libraries,
        machine.DISKS: lambda: machine.check_disks(folder),
        databases.LEDGER: databases.check_ledger,
        databases.ISPYB: databases.check_ispyb,
        services.BROKER: services.check_broker,
        services.PREFECT: services.check_prefect,
        machine.PACKAGES: machine.check_packages,
    }


def examine(what: Mapping[str, Check], patience: float = PATIENCE) -> list[Finding]:
    """Do all checks side by side and return what they find in their order; one without an answer has found that."""
    answers: dict[str, list[Finding]] = {}
    threads = [
        # Who hangs does not hold up the end of the program.
        threading.Thread(target=_answer, args=(part, check, answers), daemon=True)
        for part, check in what.items()
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = f"no answer within {patience:g} s"
    return [
        finding
        for part in what
        for finding in answers.get(part) or [Finding(part=part, name=part, state="broken", found=late)]
    ]


def _answer(part: str, check: Check, answers: dict[str, list[Finding]]) -> None:
    try:
        answers[part] = check()
    except (CryoemError, SQLAlchemyError, OSError, ImportError) as error:
        answers[part] = [Finding(part=part, name=part, state="broken", found=" ".join(str(error).split())[:300])]
