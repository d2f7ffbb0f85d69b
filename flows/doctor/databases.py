"""The ledger and ISPyB: reachable, of our version, and open to what we have to write. Nothing is changed."""

import os
import time
from pathlib import Path

from sqlalchemy import Connection, make_url, select, text
from sqlalchemy.exc import ArgumentError

from flows.doctor.findings import Finding, State
from tasks.ispyb import Away, credentials_file, open_ispyb
from tasks.ispyb.codes import speaking_of
from tasks.ispyb.columns import BUFFER, PROGRAM, Schema, read_schema
from tasks.ispyb.rows import KEYS
from tasks.ledger import Ledger
from tasks.ledger.clock import NOW
from tasks.ledger.engine import connect
from tasks.ledger.pauses import Pause, pausing
from tasks.ledger.schema import NEWEST, revision
from tasks.settings import site

LEDGER = "ledger"
ISPYB = "ISPyB"

_PATIENCE = 5.0
_TOLERABLE = 10.0
"""Seconds by which clocks may differ: that long a file may seem to be written yet, or to come from the future."""
_RIGHTS = "apply deployments/ispyb_role.sql, and make the role the user's default"
# Neither changes anything, but both are refused to those who may not.
_WRITES_NOTHING = text("UPDATE items SET state = state WHERE 1 = 0")


def check_ledger() -> list[Finding]:
    """Look into the ledger, without making it."""
    url = site().ledger.get_secret_value()
    file = _file(url)
    if file is not None and not file.exists():
        return [_not_yet(file)]
    ledger = Ledger(connect(url), _PATIENCE)
    try:
        return [_tables(ledger), *_state(ledger)]
    finally:
        ledger.close()


def _file(url: str) -> Path | None:
    """Return the file of a ledger that is one."""
    try:
        parts = make_url(url)
    except ArgumentError:
        return None
    return Path(parts.database) if parts.get_backend_name() == "sqlite" and parts.database else None


def _not_yet(file: Path) -> Finding:
    there = next(each for each in file.resolve().parents if each.exists())
    if not os.access(there, os.W_OK):
        advice = "set CRYOEM_FLOWS_LEDGER to a place where this user may write"
        return _ledger("tables", "broken", f"{file} is not there, and we may not write in {there}", advice)
    return _ledger("tables", "ok", f"{file} is not there yet; it is made when it is first used")


def _tables(ledger: Ledger) -> Finding:
    found = ledger.read(revision)
    if found is None or found < NEWEST:
        said = f"tables of revision {found}" if found else "no tables"
        return _ledger("tables", "ok", f"{ledger}: {said}; those of {NEWEST} are made when it is first used")
    if found > NEWEST:
        said = f"{ledger}: tables of revision {found}, and this program knows {NEWEST} at most"
        return _ledger("tables", "broken", said, "bring this program up to date")
    ledger.write(lambda connection: connection.execute(_WRITES_NOTHING))
    return _ledger("tables", "ok", f"{ledger}: revision {found}, may be written")


def _state(ledger: Ledger) -> list[Finding]:
    """Compare the clocks, and tell what holds up the work."""
    found = [_clock(ledger)]
    if ledger.read(revision) == NEWEST:
        found += [_pause(each) for each in pausing(ledger)]
    return found


def _pause(pause: Pause) -> Finding:
    said = f"{pause.pool} takes nothing for {pause.remaining:.0f} s: {pause.kind}: {pause.reason}"
    return _ledger("pause", "broken", said, "mend that; it goes on by itself")


def _clock(ledger: Ledger) -> Finding:
    before = time.time()
    theirs = ledger.read(_time)
    ahead = (before + time.time()) / 2 - theirs
    said = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the ledger's"
    if abs(ahead) > _TOLERABLE:
        return _ledger("clock", "broken", said, "set this machine's clock by NTP: timedatectl set-ntp true")
    return _ledger("clock", "ok", said)


def _time(connection: Connection) -> float:
    return float(connection.execute(select(NOW)).scalar_one())


def _ledger(name: str, state: State, found: str, advice: str = "") -> Finding:
    return Finding(part=LEDGER, name=name, state=state, found=found, advice=advice)


def check_ispyb() -> list[Finding]:
    """Look whether ISPyB can be reached, and which of its tables we may write."""
    file = credentials_file()
    if file is None:
        said = "no credentials are named (CRYOEM_FLOWS_ISPYB), so nothing is written there"
        return [Finding(part=ISPYB, name="ISPyB", state="missing", found=said)]
    database = open_ispyb(file)
    try:
        with speaking_of(), database.engine.connect() as connection:
            return _rights(str(database), read_schema(connection, set()))
    finally:
        database.close()


def _rights(where: str, schema: Schema) -> list[Finding]:
    """Tell which tables are closed to us, and whether that matters."""
    rights = {name: _right(schema, name) for name in (*KEYS, BUFFER)} | {PROGRAM: PROGRAM in schema.tables}
    closed = [name for name, right in rights.items() if right is False]
    left_out = [name for name, right in rights.items() if right is None]
    said = f"{where}: {sum(right is True for right in rights.values())} of {len(rights)} tables may be written"
    said += f"; {', '.join(left_out)} may not, and is left out" if left_out else ""
    if closed:
        said += f"; {', '.join(closed)} must be, and may not"
        return [Finding(part=ISPYB, name="ISPyB", state="broken", found=said, advice=_RIGHTS)]
    return [Finding(part=ISPYB, name="ISPyB", state="ok", found=said)]


def _right(schema: Schema, name: str) -> bool | None:
    """Tell whether a table may be written; None for one that may as well be left out."""
    try:
        return True if schema.table(name) else None
    except Away:
        return False
