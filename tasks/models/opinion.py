"""What became of asking a second tool."""

from typing import Generic, Literal, TypeVar

from tasks.models.base import Model

Found = TypeVar("Found", bound=Model)


class Answer(Model, Generic[Found]):
    """What one of two tools found, and how well the data agree with it."""

    tool: str
    """Which tool, as its parameters name it."""
    found: Found | None = None
    """None if it failed."""
    agreement: float | None = None
    """How well the data agree, by the measure of the opinion; None if it failed."""
    failure: str = ""
    """Why it failed."""
    digest: str
    """Digest of its inputs and of its parameters that matter."""


class Opinion(Model, Generic[Found]):
    """What two tools found of the same data, and which of them is believed."""

    why: str
    """Why the second tool was asked, in words for the user."""
    measure: str
    """What both were judged by, which neither of them computes; more is better."""
    first: Answer[Found]
    second: Answer[Found]
    won: Literal["first", "second"]
    """Whose result is used."""
    program: str = ""
    """Name and version of what judged them."""

    @property
    def winner(self) -> Answer[Found]:
        """The answer that is used."""
        return self.first if self.won == "first" else self.second
