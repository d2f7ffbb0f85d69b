"""What all requests of Murfey have in common."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, model_validator

from tasks.errors import InputError
from tasks.models import Model
from tasks.murfey.values import Identifier, Text, is_nothing


class Request(Model):
    """A request of Murfey, in the words of its message; what we have no use for is not kept."""

    model_config = ConfigDict(extra="ignore", validate_by_name=True, validate_by_alias=True)

    recipe: ClassVar[str]
    """Name of the recipe that the message asks for."""
    kind: ClassVar[str]
    """Kind of the item of the ledger that it asks for."""
    identity: ClassVar[tuple[str, ...]]
    """The attributes that tell its work from other work of the session."""
    place: ClassVar[str]
    """The attribute that is a path in the folder of the project."""
    answers_name: ClassVar[tuple[str, ...]] = ("autoproc_program_id",)
    """The attributes that every answer must repeat."""

    feedback_queue: Text | None = None
    """Queue in which Murfey awaits the answers; none if nobody does."""
    autoproc_program_id: Identifier | None = None
    """Row of the recipe's program in ISPyB: what is found, and every answer, belongs to it."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nothing(cls, given: Any) -> Any:  # noqa: ANN401 - as pydantic
        """Take what stands for nothing as not given, where that is allowed."""
        if not isinstance(given, Mapping):
            return given
        required = _required(cls)
        return {key: value for key, value in given.items() if not is_nothing(value) or key in required}

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        for name in self.answers_name if self.feedback_queue else ():
            if getattr(self, name) is None:
                expected = f"a number, since {self.feedback_queue} awaits answers"
                raise InputError(f"{self.recipe}: {self.named(name)}", "missing", expected)
        return self

    @classmethod
    def named(cls, name: str) -> str:
        """Return what the message calls an attribute."""
        alias = cls.model_fields[name].validation_alias
        return alias if isinstance(alias, str) else name

    @property
    def key(self) -> str:
        """What tells the work from other work of the session, however often and by whom it is asked for."""
        return " ".join(str(getattr(self, name)) for name in self.identity)

    @property
    def path(self) -> Path:
        """A path in the folder of the project."""
        return Path(getattr(self, self.place))

    @property
    def places(self) -> tuple[Path, ...]:
        """Where Murfey looks for what is found, so that it is to be found there."""
        return (self.path,)


@cache
def _required(wanted: type[Request]) -> frozenset[str]:
    """Return the keys without which there is no request; asked for each of the thousands of a session."""
    return frozenset(wanted.named(name) for name, field in wanted.model_fields.items() if field.is_required())
