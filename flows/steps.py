"""Steps that are done one after the other within one task: each is recorded when it is done."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from prefect import Task

from tasks.models import Model
from tasks.reuse import Place

Found = TypeVar("Found", bound=Model)
Result = TypeVar("Result")
Steps = Generator[Place[Any], None, Result]
"""Yields the place of each step when it is done; returns what all of them found."""


def made(step: Task[..., Found], place: Callable[..., Place[Found]], *given: object) -> Steps[Found]:
    """Do a step with what is given to it, unless it is done already."""
    found = step.fn(*given)
    yield place(*given)
    return found


def concluded(steps: Steps[Result]) -> Result:
    """Do all steps; return what they found."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found
