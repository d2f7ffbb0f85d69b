"""How many particles there are in a session, and how large they are."""

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import bindparam, select

from tasks.ledger import Ledger, Session, results_of
from tasks.ledger.tables import items, results, sessions
from tasks.report.movies import Found
from tasks.report.particle_facts import ParticleTotals

_EXTRACTED = (
    select(
        items.c.key,
        results.c.result["count"].as_integer().label("extracted"),
        results.c.result["left_out"].as_integer().label("left_out"),
        results.c.seconds,
    )
    .select_from(items.join(sessions).join(results, results.c.item_id == items.c.id))
    .where(sessions.c.name == bindparam("session"), items.c.kind == "extraction")
    .where(results.c.step == "particle_extraction")
)


def extracted_of(ledger: Ledger, session: str) -> dict[str, Found]:
    """Pick what was extracted from each micrograph."""
    rows = ledger.read(lambda connection: connection.execute(_EXTRACTED, {"session": session}).all())
    return {row.key: row for row in rows}


def particle_totals(
    ledger: Ledger, session: Session, rows: Sequence[Found], extracted: Mapping[str, Found]
) -> ParticleTotals:
    """Count the particles of a session."""
    looked = [row for row in rows if row.particles is not None]
    diameter, source = _diameter(ledger, session, looked)
    return ParticleTotals(
        micrographs=len(looked),
        empty=sum(not row.particles for row in looked),
        picked=sum(row.particles for row in looked),
        diameter=diameter,
        diameter_is=source,
        extracted=sum(row.extracted for row in extracted.values()),
        left_out=sum(row.left_out or 0 for row in extracted.values()),
    )


def _diameter(ledger: Ledger, session: Session, looked: Sequence[Found]) -> tuple[float | None, str]:
    """Return the diameter that particles are extracted with, or that of half of those found so far."""
    extractor = session.parameters.get("extractor")
    if isinstance(extractor, dict) and isinstance(given := extractor.get("diameter"), int | float):
        return float(given), "as it was given"
    settled = results_of(ledger, session.name, "particle_diameter", ["session"])
    match settled.get("session", {}).get("particle_diameter"):
        case None:
            return _typical(looked), "so far"
        case result:
            return float(str(result.result["diameter"])), "settled for the session"


def _typical(looked: Sequence[Found]) -> float | None:
    """Return the median over the particles of the diameter as estimated in their micrographs."""
    diameters = np.repeat([row.diameter for row in looked], [row.particles for row in looked])
    return float(np.median(diameters)) if len(diameters) else None
