"""How all that arrives in a session is processed: the parameters that the ledger keeps of it."""

from typing import Self, TypeVar

from pydantic import PositiveFloat, ValidationError

from flows.parameters import problems, with_tools
from flows.tools import TomographyTools
from tasks.errors import InputError
from tasks.ledger import Session
from tasks.models import Acquisition, Model
from tasks.tilt_series_grouping.file_names import PATTERN

Parameters = TypeVar("Parameters", bound=Model)


class TomographySession(TomographyTools):
    """How the tilt series of a session are processed."""

    acquisition: Acquisition
    """How the movies were taken."""
    tilt_axis_angle: float | None = None
    """Direction of the tilt axis in degree, counter-clockwise from y; none takes that of the mdoc files."""
    dose_per_tilt: PositiveFloat | None = None
    """Dose of a tilt in electron per square angstrom; none takes that of its frames."""
    name_pattern: str = PATTERN
    """Names of movies without suffix, a regular expression with groups series, number and angle."""

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return how a session is processed; raise InputError if its parameters are not those of tomography."""
        return checked(cls, session)


def checked(kind: type[Parameters], session: Session) -> Parameters:
    """Return the parameters of a session; raise InputError that says what is wrong with which of them."""
    try:
        return kind.model_validate(with_tools(dict(session.parameters), kind))
    except ValidationError as error:
        expected = f"those of {kind.__name__}"
        raise InputError(f"parameters of session {session.name}", problems(error), expected) from error
