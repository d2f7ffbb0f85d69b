"""The tilt series of a session, as they arrive: each becomes a tomogram or a reason."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.runtime import flow_run
from pydantic import ValidationError

from flows.leases import SECONDS, held
from flows.outcomes import failure_of
from flows.tomography import Tomography, process_tilt_series
from tasks.errors import InputError
from tasks.formats.files import replacing
from tasks.ledger import Claimer, Lease, LeaseLostError, Ledger, Result, claim, fail, find_session, finish, open_ledger
from tasks.models import Tomogram
from tasks.reuse import digest
from tasks.settings import Settings

KINDS = ("tilt_series",)
LINGER = 30.0
"""Seconds without work after which a run ends: longer than the window in which an automation starts only one run."""


@flow(name="tilt-series", flow_run_name="tilt series of {session}")
def process_session(session: str, linger: float = LINGER) -> int:
    """Process what waits of a session, newest first, until nothing has waited for a while; return the number."""
    ledger = open_ledger(Settings().ledger.get_secret_value())
    claimer = Claimer(owner=f"flow run {flow_run.id}", kinds=KINDS, lease=SECONDS, order="newest", session=session)
    done, quiet_since = 0, time.monotonic()
    while time.monotonic() - quiet_since < linger:
        for lease in claim(ledger, claimer, 1):
            process(ledger, lease)
            done, quiet_since = done + 1, time.monotonic()
        time.sleep(min(1.0, linger / 10))
    return done


def process(ledger: Ledger, lease: Lease) -> None:
    """Make a tomogram of an item and tell the ledger; an error is kept as the reason, it does not stop the session."""
    try:
        with held(ledger, lease):
            tomography = asked(ledger, lease)
            own(tomography.folder, lease.key)
            result = found(tomography, process_tilt_series(tomography))
        finish(ledger, lease, [result])
    except LeaseLostError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the item must not stay with us
        # Whoever has taken the item meanwhile will find out for themselves.
        with suppress(LeaseLostError):
            fail(ledger, lease, failure_of(error))


def asked(ledger: Ledger, lease: Lease) -> Tomography:
    """Return how to process an item: the session's parameters, and what arrived."""
    session = find_session(ledger, lease.session)
    given: dict[str, Any] = dict(session.parameters)
    source = {
        "kind": "mdoc",
        **given.pop("source", {}),
        "mdoc": lease.payload["mdoc"],
        "frames": lease.payload["frames"],
    }
    name = str(lease.payload["name"])
    try:
        return Tomography.model_validate(
            {**given, "name": name, "source": source, "folder": session.folder / name},
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InputError(f"parameters of session {session.name}", wrong, "those of the tomography flow") from error


def own(folder: Path, mdoc: str) -> None:
    """Claim a folder of results for one series; two of one name must not write over each other."""
    marker = folder / "series.txt"
    if marker.exists() and marker.read_text() != mdoc:
        raise InputError(
            mdoc, f"{folder} holds the results of {marker.read_text()}", "one series of a name in a session"
        )
    with replacing(marker) as beside:
        beside.write_text(mdoc)


def found(tomography: Tomography, tomogram: Tomogram) -> Result:
    """Return the tomogram as the ledger keeps it."""
    return Result(
        step="tomography",
        digest=digest({"tomography": tomography}),
        result=tomogram.model_dump(mode="json"),
        tool=tomogram.program,
        flow_run=str(flow_run.id),
    )
