"""Which programs did what in a session, and what it took."""

from sqlalchemy import bindparam, func, select

from tasks.ledger import Ledger
from tasks.ledger.tables import items, results, sessions
from tasks.report.particle_facts import ProgramFacts
from tasks.report.words import in_order

_PROGRAMS = (
    select(
        items.c.kind,
        results.c.step,
        results.c.tool.label("program"),
        func.count().label("count"),
        func.sum(results.c.seconds).label("seconds"),
        func.max(results.c.seconds).label("longest"),
    )
    .select_from(results.join(items, items.c.id == results.c.item_id).join(sessions))
    .where(sessions.c.name == bindparam("session"))
    .group_by(items.c.kind, results.c.step, results.c.tool)
    # In the order in which they were first needed.
    .order_by(func.min(results.c.recorded), results.c.tool)
)


def programs_of(ledger: Ledger, session: str) -> tuple[ProgramFacts, ...]:
    """Tell for each step which programs, in which versions, found how many results."""
    rows = ledger.read(lambda connection: connection.execute(_PROGRAMS, {"session": session}).all())
    return tuple(in_order(ProgramFacts.model_validate(row._asdict()) for row in rows))
