"""What the items of a session agree on, and where later ones deviate."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt

from tasks.models.base import Model

Value = float | str | None


class Estimate(Model):
    """What the first items of a session say of how it was taken."""

    name: Literal["tilt_axis", "handedness", "gain", "pixel_size", "dose"]
    value: Value
    """None if it cannot be told."""
    unit: str = ""
    confidence: float = Field(ge=0, le=1)
    """From the data alone: 0 is a guess, 1 is as sure as can be."""
    items: NonNegativeInt
    """How many items say so."""
    evidence: str
    """What it was told by, in words for the user."""
    expected: Value = None
    """What the parameters of the session say."""
    agrees: bool | None = None
    """Whether the parameters say the same; None if either says nothing."""
    tolerance: NonNegativeFloat | None = None
    """How far an item may be from the value; None if items are not compared."""
    before: tuple[str, ...] = ()
    """Keys of the items that were begun before it was settled: they keep what they began with."""


class Deviation(Model):
    """An item that is not as its session."""

    name: str
    """Of the estimate."""
    value: Value
    expected: Value
    unit: str = ""


class Deviations(Model):
    """How an item was compared with its session."""

    deviations: tuple[Deviation, ...] = ()
    """None if it is as the others."""
