"""What a step found in a session, as the models of its results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import ValidationError

from tasks.ledger import Ledger, Result, found
from tasks.models import Model

T = TypeVar("T", bound=Model)


@dataclass(frozen=True)
class Finding(Generic[T]):
    """What a step found for one item."""

    value: T
    seconds: float


@dataclass(frozen=True)
class Findings(Generic[T]):
    """What a step found in a session, by the keys of the items."""

    step: str
    by_key: dict[str, Finding[T]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    """Keys of results that another version of this software wrote."""

    def value(self, key: str) -> T | None:
        """Return what was found for an item, if anything."""
        finding = self.by_key.get(key)
        return finding.value if finding else None

    def seconds(self, key: str) -> float:
        """Return how long the step took for an item."""
        finding = self.by_key.get(key)
        return finding.seconds if finding else 0.0


def findings(ledger: Ledger, session: str, step: str, kind: type[T]) -> Findings[T]:
    """Ask the ledger what a step found in a session."""
    return _understood(step, kind, found(ledger, session, step))


def findings_in(known: Mapping[str, Mapping[str, Result]], step: str, kind: type[T]) -> Findings[T]:
    """Return what a step found, from what all steps found of some items, by their keys."""
    return _understood(step, kind, [(key, results[step]) for key, results in known.items() if step in results])


def _understood(step: str, kind: type[T], results: Iterable[tuple[str, Result]]) -> Findings[T]:
    """Read results; one that cannot be understood is told apart, for the rest still counts."""
    by_key, unreadable = {}, []
    for key, result in results:
        try:
            by_key[key] = Finding(kind.model_validate(result.result), result.seconds)
        except ValidationError:
            unreadable.append(key)
    return Findings(step, by_key, tuple(unreadable))
