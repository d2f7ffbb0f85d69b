"""A step that is done with a second tool where the first one's result is in doubt: the data say which is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any, Generic, TypeVar

from prefect import Task

from flows.opinion_folders import opinions_beside
from flows.steps import Steps
from tasks.errors import CryoemError, ResultError
from tasks.models import Answer, Model, Opinion
from tasks.reuse import Place, recall
from tasks.step import once, step

Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Asked(Generic[Found]):
    """A step, and what is given to it."""

    tool: str
    step: Task[..., Found]
    place: Callable[..., Place[Found]]
    given: tuple[Any, ...]

    @cached_property
    def at(self) -> Place[Found]:
        """Where the result is recorded, and what it depends on."""
        return self.place(*self.given)

    def answer(self) -> Found:
        """Do the step, unless it is done already."""
        return self.step.fn(*self.given)


@dataclass(frozen=True)
class Measure(Generic[Found]):
    """When a result is in doubt, and what two of them are judged by."""

    words: str
    limits: Mapping[str, float]
    """What decides whether a result is in doubt, by name."""
    doubt: Callable[[Found, Mapping[str, float]], str]
    """Says why a result is in doubt; nothing if it is not."""
    agreement: Callable[[Found], float]
    """Tells how well the data agree with a result, whoever found it."""


@dataclass(frozen=True)
class Question(Generic[Found]):
    """A step, and whom to ask if its result is in doubt."""

    first: Asked[Found]
    second: Asked[Found] | None
    """None to believe the first."""
    measure: Measure[Found]

    @cached_property
    def at(self) -> Place[Opinion[Found]]:
        """Where the opinion is recorded, and what it depends on; known without asking the first tool."""
        record = self.first.at.record
        given = {"limits": self.measure.limits, "first": self.first.at.given}
        if self.second:
            given["second"] = self.second.at.given
        return Place(opinions_beside(record.parent) / record.name, Opinion[self.first.at.kind], given)  # type: ignore[name-defined]

    def doubt(self, found: Found) -> str:
        """Say why a second tool should be asked; nothing if not."""
        return self.measure.doubt(found, self.measure.limits) if self.second else ""

    def recalled(self) -> Opinion[Found] | None:
        """Return the opinion of before on the same."""
        return recall(self.at) if self.second else None

    def forget(self) -> None:
        """Remove what was recorded of other tools or limits: nobody has asked now."""
        self.at.record.unlink(missing_ok=True)

    def chosen(self, opinion: Opinion[Found]) -> Place[Found]:
        """Return where the result that is believed is recorded."""
        return self.second.at if self.second and opinion.won == "second" else self.first.at


def consulted(question: Question[Found]) -> Steps[Found]:
    """Do a step, with the second tool too if the first one's result is in doubt; yield what is recorded of it."""
    opinion, found, failure = question.recalled(), None, ""
    if opinion is None or opinion.first.found is not None:
        try:
            found = question.first.answer()
        except ResultError as error:
            if question.second is None:
                raise
            failure = str(error)
    if found is not None and not question.doubt(found):
        question.forget()
        yield question.first.at
        return found
    opinion = opinion or second_opinion.fn(question, found, failure)
    yield question.chosen(opinion)
    yield question.at
    return believed(opinion)


def believed(opinion: Opinion[Found]) -> Found:
    """Return the result that won."""
    if opinion.winner.found is None:
        raise ResultError(opinion.winner.failure)
    return opinion.winner.found


def place_of_opinion(question: Question[Found], _found: Found | None, _failure: str) -> Place[Opinion[Found]]:
    """Say where an opinion is recorded, and what it depends on."""
    return question.at


@step(task_run_name="second opinion on {question.at.record.stem}", timeout_seconds=14400)
def second_opinion(question: Question[Any], found: Model | None, failure: str) -> Opinion[Any]:
    """Ask the second tool, and let the data decide, unless that is done already.

    ``found`` is what the first tool found, or ``failure`` says why it found nothing. Raises ResultError if both fail.
    """
    return once(question.at, lambda: _judged(question, found, failure))


def _judged(question: Question[Any], found: Model | None, failure: str) -> Opinion[Any]:
    if question.second is None:
        raise ValueError("there is no second tool to ask")
    measure = question.measure
    why = question.doubt(found) if found is not None else f"{question.first.tool} failed: {failure}"
    first = _answer(question.first, measure, lambda: found, failure)
    second = _answer(question.second, measure, question.second.answer, "")
    if first.found is None and second.found is None:
        raise ResultError(f"{first.tool}: {first.failure}; the second opinion of {second.tool}: {second.failure}")
    judge = f"cryoem-flows {version('cryoem-flows')}"
    won = _won(first, second)
    return Opinion(why=why, measure=measure.words, first=first, second=second, won=won, program=judge)


def _answer(asked: Asked[Any], measure: Measure[Any], answer: Callable[[], Model | None], failure: str) -> Answer[Any]:
    """Have one tool answer, and see how well the data agree."""
    try:
        found = answer()
    except CryoemError as error:
        found, failure = None, str(error)
    agreement = None if found is None else measure.agreement(found)
    return Answer(tool=asked.tool, found=found, agreement=agreement, failure=failure, digest=asked.at.digest)


def _won(first: Answer[Any], second: Answer[Any]) -> str:
    """Return who won: the first one if the second is not better."""
    if first.agreement is None or (second.agreement is not None and second.agreement > first.agreement):
        return "second"
    return "first"
