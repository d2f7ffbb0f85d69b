"""What a project holds of each item of its session, so that only what has changed is read, made and written again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import Field, ValidationError

from tasks.formats.star_text import Value
from tasks.models import Model
from tasks.project.writing import STATE, write_text

Found = TypeVar("Found", bound=Model)
Columns = dict[str, Value]

_NAME = f"{STATE}/register.json"


@dataclass(frozen=True)
class Items(Generic[Found]):
    """The items of a session, and how to learn what was found of them."""

    stamps: Mapping[str, str]
    """By the key of each item, in order of arrival: text that changes when something else was found of it."""
    load: Callable[[list[str]], Iterable[tuple[str, Found]]]
    """Gives what was found of some items, by their keys; one of which nothing can be told is left out."""
    are_all: bool = True
    """Whether items that are not named leave the project."""
    basis: str = ""
    """Text that changes when everything is to be made anew, as after a change of the session's parameters."""


class Entry(Model):
    """What the project holds of an item."""

    stamp: str = ""
    sizes: dict[str, int] = Field(default_factory=dict)
    """Bytes in each table."""
    name: str = ""
    """What it is called, if not by its key."""
    group: int = 0
    """Number of its optics group, from 1."""
    image: tuple[float, ...] = ()
    """Pixel size of its micrograph, and pixel size and side of the images of its particles, as far as there are any."""
    work: int = 0
    """Which of the kinds of work was done on it."""
    files: tuple[str, ...] = ()
    """Files of its own."""
    stopped: str = ""
    """The stage at which it stopped for good, if it did."""
    failure: str = ""
    notes: tuple[str, ...] = ()
    """What was left out of it."""
    counts: tuple[int, ...] = ()
    """Particles, and how many were left out."""


class Register(Model):
    """What the tables of a project hold."""

    basis: str = ""
    optics: tuple[tuple[float, ...], ...] = ()
    """The kinds of imaging conditions, in the order of their numbers."""
    works: tuple[dict[str, tuple[str, ...]], ...] = ()
    """Kinds of work: the programs by the stages that were passed. There are few of them, and thousands of items."""
    heads: dict[str, str] = Field(default_factory=dict)
    """What stands before the first row of each table."""
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    options: dict[str, dict[str, Value]] = Field(default_factory=dict)
    """Settings of the stages: those of the first item that has passed each."""
    links: dict[str, str] = Field(default_factory=dict)
    """Links to folders and files of the session, relative to the project."""
    entries: dict[str, Entry] = Field(default_factory=dict)


def read_register(project: Path, basis: str) -> Register:
    """Return what a project holds; nothing, if it was made in another way."""
    whole = f"{version('cryoem-flows')} {basis}"
    try:
        register = Register.model_validate_json((project / _NAME).read_bytes())
    except (FileNotFoundError, ValidationError):
        return Register(basis=whole)
    return register if register.basis == whole else Register(basis=whole, links=register.links)


def write_register(project: Path, before: Register, register: Register) -> None:
    """Write down what a project holds, unless that has not changed."""
    if register is not before:
        write_text(project / _NAME, register.model_dump_json(exclude_defaults=True))
