"""The end of a session: nothing has arrived for long, so say what has become of it."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.ledgers import the_ledger
from flows.telling import told
from tasks.ledger import Ledger, find_session, quarantined, status
from tasks.report.keys import artifact_key
from tasks.report.session import write_session_report


@flow(name="finish-session", flow_run_name="end of {session}")
def finish_session(session: str) -> str:
    """Write the last report of a session and show how it ended; what is still to be done goes on."""
    ledger = the_ledger()
    if find_session(ledger, session).kind == "spa":
        # Particles that have waited for more of them are classified now. Tomography need not wait for such steps.
        from flows.spa_live import advance  # noqa: PLC0415

        advance(ledger, session)
    report = write_session_report(ledger, session)
    page = ended(ledger, session) + f"\nThe report is `{report}`.\n"
    create_markdown_artifact(page, key=artifact_key("end", session), description=f"End of {session}")
    return page


def ended(ledger: Ledger, session: str) -> str:
    """Return what has become of a session, as markdown."""
    found, given_up = status(ledger, session), quarantined(ledger, session)
    left = sum(kind.open for kind in found.kinds)
    begun = f"{left} items are still to be done." if left else "All that arrived is done or given up."
    lines = told(found, given_up)
    return f"# {session}\n\n{begun}\n\n" + "".join(f"    {line}\n" for line in lines)
