"""``cryoem-flows doctor``: what is there, whether it works, and what to do about what does not."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

_COMMANDS = "20"
"""Seconds after which a program that is asked for its version is given up."""


def doctor(
    folder: Annotated[Path, typer.Option(help="Folder of results, to look for space.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
) -> None:
    """Say what is there of programs, GPUs, databases and services, whether it works, and what to do if it does not.

    The exit status is 1 if something that is set up is broken, or if the embedded tools do not work; 0 otherwise.
    """
    os.environ["CRYOEM_FLOWS_COMMAND_TIMEOUT"] = _COMMANDS
    # Reads all steps, which takes seconds that --help need not wait for.
    from flows.doctor.examination import checks, examine  # noqa: PLC0415
    from flows.doctor.telling import is_well, told  # noqa: PLC0415

    findings = examine(checks(folder))
    if as_json:
        typer.echo(json.dumps(_about() | {"findings": [finding.model_dump() for finding in findings]}, indent=2))
    else:
        typer.echo(", ".join(_about().values()))
        for line in told(findings):
            typer.echo(line)
    raise typer.Exit(0 if is_well(findings) else 1)


def _about() -> dict[str, str]:
    return {
        "program": f"cryoem-flows {version('cryoem-flows')}",
        "python": f"Python {platform.python_version()}",
        "host": platform.node(),
        "time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    }
