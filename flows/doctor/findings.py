"""What an examination finds, line by line."""

from collections.abc import Callable
from typing import Literal

from tasks.models import Model

State = Literal["ok", "missing", "broken"]


class Finding(Model):
    """One thing that was looked at."""

    part: str
    """What it belongs to, the heading that it stands under."""
    name: str
    state: State
    """ok; missing: not there, and nobody has asked for it; broken: set up, but of no use as it is."""
    found: str
    """What was found."""
    advice: str = ""
    """What to do about it."""


Check = Callable[[], list[Finding]]
"""Looks at something; an error of ours that it raises is something broken."""
