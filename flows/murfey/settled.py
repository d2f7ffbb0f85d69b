"""An item that Murfey may be told of, with all that an answer is made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue

from flows.murfey.asked import request_in
from flows.murfey.plan import REQUESTS
from tasks.ledger import Asked, Result, Session, State
from tasks.models import Model
from tasks.murfey import Request

Found = TypeVar("Found", bound=Model)
Awaited = TypeVar("Awaited", bound=Request)


@dataclass(frozen=True)
class Settled:
    """An item, what was found of it and of what it was made of, and who asked for it."""

    session: Session
    kind: str
    key: str
    state: State
    payload: Mapping[str, JsonValue] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    """By step."""
    asked: Sequence[Asked] = ()
    """In the order of receipt; of a file of particles, the request that it follows from."""

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return self.session.folder

    @property
    def is_done(self) -> bool:
        """Whether it is done, and was not given up."""
        return self.state == "done"

    def found(self, kind: type[Found], step: str) -> Found | None:
        """Return what a step found, if it was reached."""
        return kind.model_validate(self.results[step].result) if step in self.results else None

    def awaited(self, kind: type[Awaited]) -> Iterator[tuple[Awaited, str]]:
        """Yield the requests that this item answers and whose answers somebody awaits, and what tells them apart.

        Those that came after it was planned are answered when it has been done for them too.
        """
        number = self.payload.get(REQUESTS)
        for each in self.asked[: number if isinstance(number, int) else None]:
            request = request_in(each)
            if isinstance(request, kind) and request.feedback_queue:
                yield request, f"{each.key} {each.sequence}"
