"""A step of many items: what was found before is used, the rest is computed; one failure does not stop the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from prefect import Task
from prefect.futures import PrefectFuture, as_completed

from flows.known import Known
from tasks.models import Model
from tasks.report import Progress
from tasks.reuse import Place, recall

Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Mapped(Generic[Found]):
    """A step of many items, by their names: what was found before, and what is being computed."""

    places: Mapping[str, Place[Found]]
    known: Mapping[str, Found]
    futures: Mapping[str, PrefectFuture[Found]]

    @property
    def records(self) -> list[Path]:
        """The records of all items."""
        return [place.record for place in self.places.values()]


def begun(
    step: Task[..., Found],
    place: Callable[..., Place[Found]],
    given: Mapping[str, tuple[Any, ...]],
    known: Known | None = None,
) -> Mapped[Found]:
    """Start a step of every item, with what is given to it, unless it is done already."""
    places = {name: place(*arguments) for name, arguments in given.items()}
    done = {name: result for name, place in places.items() if (result := _recalled(name, place, known))}
    futures = {name: step.submit(*arguments) for name, arguments in given.items() if name not in done}
    return Mapped(places, done, futures)


def settled(step: Mapped[Found], progress: Progress) -> tuple[dict[str, Found], dict[str, str]]:
    """Wait for the tasks of items; return the results, and the reasons of those that failed."""
    progress.advance(len(step.known))
    for _ in as_completed(list(step.futures.values())):
        progress.advance()
    for future in step.futures.values():
        # Without this the state is what the server knows, which lags behind.
        future.wait()
    states = {name: future.state for name, future in step.futures.items()}
    results = {name: step.futures[name].result() for name, state in states.items() if state.is_completed()}
    reasons = {
        name: str(state.result(raise_on_failure=False)) for name, state in states.items() if not state.is_completed()
    }
    return {**step.known, **results}, reasons


def _recalled(name: str, place: Place[Found], known: Known | None) -> Found | None:
    """Return what was found before of the same inputs, according to the ledger or to the record beside the files."""
    return (known and known.recall(name, place)) or recall(place)
