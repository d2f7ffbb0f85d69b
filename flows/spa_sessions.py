"""How all that arrives in a single-particle session is processed: the parameters that the ledger keeps of it."""

from typing import Self

from flows.averaging_tools import AveragingTools
from flows.micrograph_tools import MicrographTools
from flows.sessions import checked
from flows.spa_rules import SpaRules
from tasks.ledger import Session
from tasks.models import Acquisition


class SpaSession(SpaRules, AveragingTools, MicrographTools):
    """How a single-particle session is processed."""

    acquisition: Acquisition
    """How the movies were taken."""

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return how a session is processed; raise InputError if its parameters are not those of its kind."""
        return checked(cls, session)
