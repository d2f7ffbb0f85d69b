"""The ledger: what arrived, who works on it, what was found, and what must be told to whom.

It is the truth; events, queues and the pages of the orchestrator are views of it. What it promises, whatever order
things happen in and whoever dies:

- An item is what it is, however often it is announced.
- At most one lease of an item counts; who comes late is refused (LeaseLostError) and changes nothing.
- Result, state, messages and follow-up items are written together or not at all.
- An item is waiting, running, done or quarantined, never lost; what became of each attempt is recorded.
- No promise rests on a clock.
"""

from tasks.ledger.arrivals import arrive
from tasks.ledger.attendance import attended, sign_off, sign_on
from tasks.ledger.claims import claim
from tasks.ledger.database import Ledger, open_ledger
from tasks.ledger.errors import LeaseLostError, LedgerError
from tasks.ledger.estimates import begun_items, freeze, frozen, thaw
from tasks.ledger.failures import fail
from tasks.ledger.history import Attempt, history
from tasks.ledger.leases import bereave, expire, extend, extend_all, release
from tasks.ledger.models import (
    Arrival,
    Claimer,
    Delivery,
    Failure,
    FailureKind,
    Lease,
    Message,
    Result,
    Session,
    State,
    Verdict,
)
from tasks.ledger.outbox import dead, failed, post, posted, revive, sent, take
from tasks.ledger.pauses import Pause, pausing, resume
from tasks.ledger.quarantine import Quarantined, Selection, quarantined, requeue
from tasks.ledger.requests import Asked, ask, requests_for, requests_of
from tasks.ledger.results import finish, found, recall, record, recorded, results_of, supplement
from tasks.ledger.sessions import all_sessions, find_session, open_session, set_parameters
from tasks.ledger.standing import Standing, Standings, follow_up, stamp
from tasks.ledger.status import KindStatus, SessionStatus, status
from tasks.ledger.together import together
from tasks.ledger.waiting import Waiting, due, keys_like, quiet, waiting

__all__ = [
    "Arrival",
    "Asked",
    "Attempt",
    "Claimer",
    "Delivery",
    "Failure",
    "FailureKind",
    "KindStatus",
    "Lease",
    "LeaseLostError",
    "Ledger",
    "LedgerError",
    "Message",
    "Pause",
    "Quarantined",
    "Result",
    "Selection",
    "Session",
    "SessionStatus",
    "Standing",
    "Standings",
    "State",
    "Verdict",
    "Waiting",
    "all_sessions",
    "arrive",
    "ask",
    "attended",
    "begun_items",
    "bereave",
    "claim",
    "dead",
    "due",
    "expire",
    "extend",
    "extend_all",
    "fail",
    "failed",
    "find_session",
    "finish",
    "follow_up",
    "found",
    "freeze",
    "frozen",
    "history",
    "keys_like",
    "open_ledger",
    "open_session",
    "pausing",
    "post",
    "posted",
    "quarantined",
    "quiet",
    "recall",
    "record",
    "recorded",
    "release",
    "requests_for",
    "requests_of",
    "requeue",
    "results_of",
    "resume",
    "revive",
    "sent",
    "set_parameters",
    "sign_off",
    "sign_on",
    "stamp",
    "status",
    "supplement",
    "take",
    "thaw",
    "together",
    "waiting",
]
