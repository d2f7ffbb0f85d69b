"""What all that Murfey is told has in common."""

from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from tasks.models import Model
from tasks.murfey.values import Identifier


class Feedback(Model):
    """An event that Murfey is told of."""

    register: ClassVar[str]
    """What Murfey calls the event."""
    identity: ClassVar[tuple[str, ...]] = ()
    """The attributes that tell the event from others of the program."""

    program_id: Identifier
    """The program, ``autoproc_program_id``, of the request that caused the work."""
    occasion: Annotated[str, Field(exclude=True)] = ""
    """Tells the event from an earlier one in the same words, as the same folder classified again; it is not sent."""

    def body(self) -> dict[str, JsonValue]:
        """Return the message: nothing but JSON, without NaN, and without the envelope of a recipe."""
        return {"register": self.register, **self.model_dump(mode="json", by_alias=True, exclude_none=True)}

    @property
    def event(self) -> str:
        """What tells the event from all others."""
        those = (self.register, self.program_id, *(getattr(self, name) for name in self.identity), self.occasion)
        return " ".join(map(str, those)).rstrip()


class SpaFeedback(Feedback):
    """An event in a session of single particles."""

    session_id: Identifier
    """Murfey's session, from the request."""
