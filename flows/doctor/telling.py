"""What an examination finds, as lines for people."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

import typer

from flows.doctor.findings import Finding

_COLOURS = {"ok": typer.colors.GREEN, "missing": typer.colors.YELLOW, "broken": typer.colors.RED}
_STATE = len("missing")
_NARROWEST = 80
_WIDEST = 140
_UNKNOWN = 120
_LONGEST_NAME = 30


def told(findings: Sequence[Finding], width: int | None = None) -> Iterator[str]:
    """Return the lines: under headings, in columns, each with what to do about it below."""
    width = min(max(width or shutil.get_terminal_size((_UNKNOWN, 24)).columns, _NARROWEST), _WIDEST)
    names = min(max((len(finding.name) for finding in findings), default=0), _LONGEST_NAME)
    for part, group in groupby(findings, key=lambda finding: finding.part):
        yield ""
        yield part
        for finding in group:
            yield from _lines(finding, names, width)
    yield ""
    yield from _summary(findings)


def _lines(finding: Finding, names: int, width: int) -> Iterator[str]:
    state = typer.style(f"{finding.state:<{_STATE}}", fg=_COLOURS[finding.state])
    indent = " " * (2 + _STATE + 2 + names + 2)
    advice = [f"-> {finding.advice}"] if finding.advice else []
    together = "  ".join([finding.found, *advice])
    texts = [together] if len(together) <= width - len(indent) else [finding.found, *advice]
    lines = [line for text in texts for line in _wrapped(text, width - len(indent))]
    yield f"  {state}  {finding.name:<{names}}  {lines[0] if lines else ''}".rstrip()
    yield from (f"{indent}{line}" for line in lines[1:])


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text between words only: what is a path or a command can be copied."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _summary(findings: Sequence[Finding]) -> Iterator[str]:
    broken = [f"{finding.part}: {finding.name}" for finding in findings if finding.state == "broken"]
    missing = sum(finding.state == "missing" for finding in findings)
    if broken:
        yield f"{len(broken)} broken: {'; '.join(broken)}."
    else:
        yield "Nothing that is set up is broken."
    if missing:
        yield f"{missing} missing: only needed by those who want them."


def is_well(findings: Sequence[Finding]) -> bool:
    """Tell whether the embedded tools work and nothing that is set up is broken."""
    return all(finding.state != "broken" for finding in findings)
