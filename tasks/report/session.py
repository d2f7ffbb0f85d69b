"""The report of a session: a page for people and the same facts for programs, made anew from the ledger."""

from pathlib import Path

from tasks.formats.files import replacing
from tasks.ledger import Ledger, find_session
from tasks.report.gathering import gather
from tasks.report.page import render


def write_session_report(ledger: Ledger, session_name: str) -> Path:
    """Write the report of a session into its folder; return the page."""
    session = find_session(ledger, session_name)
    folder = session.folder / "report"
    facts = gather(ledger, session, folder)
    _write(folder / "session.json", facts.model_dump_json())
    return _write(folder / "index.html", render(facts))


def _write(path: Path, text: str) -> Path:
    with replacing(path) as beside:
        # What is no Unicode in a file name cannot be written otherwise.
        beside.write_text(text, encoding="utf-8", errors="replace")
    return path
