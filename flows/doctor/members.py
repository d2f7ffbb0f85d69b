"""The external members of all unions: which programs the steps can be done with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from flows.averaging_tools import AveragingTools
from flows.micrograph_tools import MicrographTools
from flows.tools import TomographyTools
from tasks.models import Model

_PYTHON = "python"
_FORMS: tuple[type[Model], ...] = (MicrographTools, TomographyTools, AveragingTools)


@dataclass
class Program:
    """A program, and what is done with it."""

    name: str
    """What it is called by default."""
    members: dict[type[Model], None] = field(default_factory=dict)
    """The choices that start it."""
    uses: dict[str, None] = field(default_factory=dict)
    """Parameters of the flows and what they are set to, as in aligner.tool=aretomo3."""
    needed: bool = False
    """Whether a step can be done with nothing else."""
    is_module: bool = False
    """Whether it is a module of our own Python, unless the site says otherwise."""


def programs() -> list[Program]:
    """Return the programs that any step can be done with, in the order of the steps."""
    found: dict[str, Program] = {}
    for form in _FORMS:
        for step, information in form.model_fields.items():
            members = list(_members(information.annotation))
            embedded = any(not list(_executables(member)) for member in members)
            for member in members:
                for executable in _executables(member):
                    tool = str(member.model_fields["tool"].default)
                    name = tool if executable == _PYTHON else executable
                    program = found.setdefault(name, Program(name, is_module=executable == _PYTHON))
                    program.members[member] = None
                    program.uses[f"{step}.tool={tool}"] = None
                    program.needed |= not embedded
    return list(found.values())


def _members(annotation: Any) -> Iterator[type[Model]]:  # noqa: ANN401 - any annotation
    """Return the tools that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Model) and "tool" in annotation.model_fields:
        yield annotation
    for part in get_args(annotation):
        yield from _members(part)


def _executables(member: type[Model]) -> Iterator[str]:
    """Return the programs that a tool starts by default."""
    for name, information in member.model_fields.items():
        if name.endswith("executable") and isinstance(information.default, str):
            yield information.default
