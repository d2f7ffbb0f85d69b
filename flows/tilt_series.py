"""The tilt series of a session, as they arrive: each becomes a tomogram or a reason."""

from collections.abc import Iterator
from pathlib import Path

from prefect import flow

from flows.announced import source_of
from flows.consensus import axis_to_start, compared, look
from flows.draining import LINGER, Drain, drain, here
from flows.events import remind_of
from flows.items import settle
from flows.leases import claimer
from flows.ledgers import the_ledger
from flows.records import records_of_series, result_in
from flows.runner import SiteTaskRunner
from flows.sessions import TomographySession
from flows.sources import MdocSource
from flows.tomography import Tomography, process_tilt_series
from flows.tools import TomographyTools
from tasks.errors import InputError
from tasks.formats.files import replacing
from tasks.ledger import Lease, Ledger, Result, Session, find_session
from tasks.models import Alignment
from tasks.tilt_series_alignment import TiltSeriesAligner

KIND = "tilt_series"


@flow(name="tilt-series", flow_run_name="tilt series of {session}", task_runner=SiteTaskRunner())
def process_session(session: str, linger: float = LINGER) -> int:
    """Process the tilt series that wait, one after the other, until none has waited for a while; return the number."""
    ledger = the_ledger()
    start = here(lambda lease: process(ledger, lease))
    done = drain(ledger, claimer(ledger, session, KIND), start, Drain(slots=1, linger=linger))
    remind_of(ledger, session, KIND)
    return done


def process(ledger: Ledger, lease: Lease) -> None:
    """Make a tomogram of an item, and tell the ledger."""
    settle(ledger, lease, lambda: found(ledger, lease))
    look(ledger, lease.session, KIND)


def found(ledger: Ledger, lease: Lease) -> Iterator[Result]:
    """Make a tomogram of a tilt series; return what each step found."""
    tomography = with_axis(asked(find_session(ledger, lease.session), lease), ledger, lease.key)
    own(tomography.folder, lease.key)
    process_tilt_series(tomography)
    results = [result_in(record, lease) for record in records_of_series(tomography.folder)]
    yield from results
    aligned = [Alignment.model_validate(each.result) for each in results if each.step == "tilt_series_alignment"]
    for alignment in aligned:
        yield from compared(ledger, lease.session, alignment, tomography.folder)


def with_axis(tomography: Tomography, ledger: Ledger, key: str) -> Tomography:
    """Start a series from the tilt axis of its session, where nobody has said one and the session has one.

    It keeps the one that it began with, or doing it again would compute all anew.
    """
    source, marker = tomography.source, tomography.folder / "tilt_axis.txt"
    if tomography.session is None or not isinstance(source, MdocSource) or source.tilt_axis_angle is not None:
        return tomography
    axis = float(marker.read_text()) if marker.exists() else axis_to_start(ledger, tomography.session, key)
    if axis is None:
        return tomography
    with replacing(marker) as beside:
        beside.write_text(f"{axis}\n")
    return tomography.model_copy(update={"source": source.model_copy(update={"tilt_axis_angle": axis})})


def asked(session: Session, lease: Lease) -> Tomography:
    """Return how a tilt series is processed: coarser each time that it was too large for the memory."""
    parameters, name = TomographySession.of(session), str(lease.payload["name"])
    source = source_of(lease.payload, parameters)
    tools = {tool: getattr(parameters, tool) for tool in TomographyTools.model_fields}
    coarser = parameters.reconstructor.binning * 2 ** lease.failures.get("out-of-memory", 0)
    tools["reconstructor"] = parameters.reconstructor.model_copy(update={"binning": coarser})
    tools["aligner"] = with_offset(parameters.aligner, lease.payload.get("tilt_offset"))
    return Tomography(name=name, source=source, folder=session.folder / name, session=session.name, **tools)


def with_offset(aligner: TiltSeriesAligner, offset: object) -> TiltSeriesAligner:
    """Tell an aligner the offset of the tilt angles, if one is known and it does not measure it itself."""
    # None to measure it; others always do.
    if not offset or getattr(aligner, "tilt_offset", offset) is not None:
        return aligner
    return aligner.model_copy(update={"tilt_offset": float(str(offset))})


def own(folder: Path, series: str) -> None:
    """Claim a folder of results for one series; two of one name must not write over each other."""
    marker = folder / "series.txt"
    if marker.exists() and marker.read_text() != series:
        raise InputError(
            series, f"{folder} holds the results of {marker.read_text()}", "one series of a name in a session"
        )
    with replacing(marker) as beside:
        beside.write_text(series)
