"""A step of many items: what was found before is used, the rest is computed; one failure does not stop the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from prefect import Task
from prefect.futures import PrefectFuture, as_completed

from flows.known import Known
from flows.second_opinion import Question, believed, place_of_opinion, second_opinion
from tasks.errors import ResultError
from tasks.models import Model, Opinion
from tasks.report import Progress
from tasks.reuse import Place, recall

Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Mapped(Generic[Found]):
    """A step of many items, by their names: what was found before, and what is being computed."""

    places: Mapping[str, Place[Found]]
    known: Mapping[str, Found]
    futures: Mapping[str, PrefectFuture[Found]]
    questions: Mapping[str, Question[Found]] = field(default_factory=dict)
    """Whom else to ask about items whose result is in doubt."""
    opinions: Mapping[str, Opinion[Found]] = field(default_factory=dict)
    """What was found before of items about which another had to be asked."""

    @property
    def records(self) -> list[Path]:
        """The records of all items."""
        return list(dict.fromkeys(place.record for name in self.places for place in self.found_of(name)))

    def found_of(self, name: str) -> list[Place[Any]]:
        """Return where what was found of an item is recorded: last the result that is believed."""
        question = self.questions.get(name)
        opinion = question.recalled() if question else None
        places: list[Place[Any]] = [self.places[name]]
        if question and opinion:
            places += [question.at, question.chosen(opinion)]
        return [place for place in places if place.record.exists()]


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


def begun_in_doubt(questions: Mapping[str, Question[Found]], known: Known | None = None) -> Mapped[Found]:
    """Start a step of every item, unless it is done already; who else is asked about an item is asked later.

    A tool that has failed before, so that another was asked, is not asked again.
    """
    before = {name: opinion for name, question in questions.items() if (opinion := question.recalled())}
    hopeless = {name for name, opinion in before.items() if opinion.first.found is None}
    places = {name: question.first.at for name, question in questions.items()}
    done = {
        name: result
        for name, place in places.items()
        if name not in hopeless and (result := _recalled(name, place, known))
    }
    futures = {
        name: question.first.step.submit(*question.first.given)
        for name, question in questions.items()
        if name not in done and name not in hopeless
    }
    return Mapped(places, done, futures, questions, before)


def settled(step: Mapped[Found], progress: Progress | None = None) -> tuple[dict[str, Found], dict[str, str]]:
    """Wait for the tasks of items, and ask others about those in doubt; return results and reasons of failures."""
    results, failures = _outcomes(step, progress)
    asked = _in_doubt(step, results, failures)
    opinions = begun(second_opinion, place_of_opinion, asked)
    judged, unjudged = _outcomes(opinions, None)
    results |= {name: believed(opinion) for name, opinion in judged.items()}
    failures = {name: error for name, error in failures.items() if name not in judged}
    # Who has a result of the first tool keeps it if the other one could not be asked.
    failures |= {name: error for name, error in unjudged.items() if name not in results}
    return results, {name: str(error) for name, error in failures.items()}


def the_only(step: Mapped[Found]) -> Found:
    """Wait for the task of a single item; return its result, or raise why there is none."""
    results, reasons = settled(step)
    for name, reason in reasons.items():
        if name in step.futures:
            step.futures[name].result()
        raise ResultError(reason)
    (found,) = results.values()
    return found


def require_any(step: Mapped[Found], results: Mapping[str, Found]) -> None:
    """Raise why the first item has failed if all have: what would follow can only fail with less to say."""
    if not results and step.futures:
        next(iter(step.futures.values())).result()


def _outcomes(step: Mapped[Found], progress: Progress | None) -> tuple[dict[str, Found], dict[str, object]]:
    """Wait for tasks; return the results, and why others failed."""
    if progress:
        progress.advance(len(step.places) - len(step.futures))
    for _ in as_completed(list(step.futures.values())):
        if progress:
            progress.advance()
    for future in step.futures.values():
        # Without this the state is what the server knows, which lags behind.
        future.wait()
    states = {name: future.state for name, future in step.futures.items()}
    results = {name: step.futures[name].result() for name, state in states.items() if state.is_completed()}
    errors = {name: state.result(raise_on_failure=False) for name, state in states.items() if not state.is_completed()}
    return {**step.known, **results}, errors


def _in_doubt(
    step: Mapped[Found], results: Mapping[str, Found], failures: Mapping[str, object]
) -> dict[str, tuple[Question[Found], Found | None, str]]:
    """Return the questions about items whose result is in doubt or is not there, with what the first tool found."""
    asked: dict[str, tuple[Question[Found], Found | None, str]] = {}
    for name, question in step.questions.items():
        found, failure = results.get(name), failures.get(name)
        known = step.opinions.get(name)
        failed = isinstance(failure, ResultError) or (found is None and known is not None)
        if question.second and (failed if found is None else question.doubt(found)):
            asked[name] = (question, found, known.first.failure if known and found is None else str(failure or ""))
        elif found is not None:
            question.forget()
    return asked


def _recalled(name: str, place: Place[Found], known: Known | None) -> Found | None:
    """Return what was found before of the same inputs, according to the ledger or to the record beside the files."""
    return (known and known.recall(name, place)) or recall(place)
