"""Where second opinions lie: beside the folder of the step that they are about."""

from pathlib import Path

SECOND = "second_opinion"
"""The folder of what second tools found, and what the names of the folders of opinions begin with."""


def opinions_beside(step: Path) -> Path:
    """Return the folder of the opinions on the results in the folder of a step."""
    return step.parent / f"{SECOND}_of_{step.name}"


def second_beside(step: Path) -> Path:
    """Return the folder of what second tools found, in place of the folder of a step."""
    return step.parent / SECOND / step.name


def step_of_opinions(opinions: Path) -> Path:
    """Return the folder of the step that the opinions in a folder are about."""
    return opinions.parent / opinions.name.removeprefix(f"{SECOND}_of_")
