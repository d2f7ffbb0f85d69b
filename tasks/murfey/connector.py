"""What Murfey writes to ISPyB by way of the queue ``ispyb_connector``: the B-factor that it has fitted."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, ValidationError

from tasks.models import Model
from tasks.murfey.messages import Body, read_object, text_of
from tasks.murfey.refusals import refusal
from tasks.murfey.values import Identifier, Number

_SUBJECT = "ispyb_connector"
_CLASSIFICATION = "particle_classification_id"
_COMMAND = "ispyb_command"


class BFactorFitMessage(Model):
    """A line through the logarithm of numbers of particles, against the inverse square of the resolution."""

    model_config = ConfigDict(extra="ignore")

    program_id: Identifier
    """Row of the program of the refinement in ISPyB."""
    particle_classification_id: Identifier
    """Murfey's number of the refined density: ``refined_class_uuid`` of the requests."""
    bfactor_fit_intercept: Number
    """Inverse square of the resolution, in 1 / angstrom squared, at which the line begins: with one particle."""
    bfactor_fit_linear: Number
    """Slope of the line in 1 / angstrom squared."""


def parse_connector(body: Body) -> BFactorFitMessage | None:
    """Read a message; none if it is not about the fit of a B-factor, and so is for others."""
    content = read_object(text_of(body))
    inner = content.get("parameters")
    content = inner if isinstance(inner, dict) and _COMMAND not in content else content
    if not _is_fit(content):
        return None
    given = content | {_CLASSIFICATION: content["buffer_lookup"][_CLASSIFICATION]}
    try:
        return BFactorFitMessage.model_validate(given)
    except ValidationError as error:
        raise refusal(_SUBJECT, BFactorFitMessage, error) from error


def _is_fit(content: Mapping[str, Any]) -> bool:
    """Tell whether a command changes the B-factor of a classification that Murfey knows by its number."""
    lookup, command = content.get("buffer_lookup"), content.get("buffer_command")
    return (
        content.get(_COMMAND) == "buffer"
        and isinstance(lookup, dict)
        and isinstance(command, dict)
        and command.get(_COMMAND) == "insert_particle_classification"
        and _CLASSIFICATION in lookup
        and any(key.startswith("bfactor_fit_") for key in content)
    )
