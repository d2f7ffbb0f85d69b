"""A step that takes no time, and tools that are right, wrong or fail: to see who is asked how often."""

from pathlib import Path

from flows.second_opinion import Asked, Measure, Question
from tasks.errors import CommandError, ResultError
from tasks.models import Model
from tasks.reuse import Place
from tasks.step import once, step


class Guess(Model):
    """A number that somebody says is the right one."""

    value: float


class Teller(Model):
    """Somebody who says the same number every time, or fails with words."""

    tool: str
    value: float = 0.0
    failure: str = ""


TRUTH = 10.0


def place_of_guess(teller: Teller, folder: Path) -> Place[Guess]:
    return Place(folder / "item.json", Guess, {"teller": teller})


@step(task_run_name="guess")
def guess(teller: Teller, folder: Path) -> Guess:
    """Count how often somebody was asked, and say what is said."""

    def work() -> Guess:
        asked = folder.parent / f"{teller.tool}.asked"
        asked.parent.mkdir(parents=True, exist_ok=True)
        asked.write_text(asked.read_text() + "x" if asked.exists() else "x")
        if teller.failure.startswith("crash"):
            raise CommandError(teller.failure)
        if teller.failure:
            raise ResultError(teller.failure)
        return Guess(value=teller.value)

    return once(place_of_guess(teller, folder), work)


def doubt(found: Guess, limits) -> str:
    return f"{found.value:g} is low" if found.value < limits["least"] else ""


def agreement(found: Guess) -> float:
    return -abs(found.value - TRUTH)


def question(folder: Path, first: Teller, second: Teller | None, least: float = 5.0) -> Question[Guess]:
    measure = Measure("nearness", {"least": least}, doubt, agreement)
    one = Asked(first.tool, guess, place_of_guess, (first, folder / "guessing"))
    two = Asked(second.tool, guess, place_of_guess, (second, folder / "second_opinion/guessing")) if second else None
    return Question(one, two, measure)


def times(folder: Path) -> dict[str, int]:
    """How often each was asked."""
    return {path.stem: len(path.read_text()) for path in folder.rglob("*.asked")}


GOOD, BAD = Teller(tool="good", value=9.0), Teller(tool="bad", value=2.0)
WORSE = Teller(tool="worse", value=1.0)
FAILING = Teller(tool="failing", failure="too little signal")
