"""How the site has the field's programs started: by modules, in conda environments, from container images."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from tasks.errors import InputError
from tasks.models import Model
from tasks.settings import site

_SETTING = "CRYOEM_FLOWS_PROGRAMS"
_PATTERN = re.compile(r"[*?\[]")
# Topaz is a module of Python here: its own program cannot be used (tasks/topaz_launcher.py).
_STARTED_AS = {"topaz": "python"}


class Container(Model):
    """A container image that has the program."""

    image: str = Field(min_length=1)
    """File of the image (apptainer, singularity), or its name (docker, podman)."""
    runtime: Literal["apptainer", "singularity", "docker", "podman"] = "apptainer"
    """What starts it. Docker and Podman leave a container running if the whole machine's session is killed at once."""
    binds: tuple[Path, ...] = ()
    """Folders that the program must see beside the one it works in: those of the data and of the results."""
    gpu: bool = False
    """Let it see the GPUs."""


class Environment(Model):
    """How a program is started, or several that belong together."""

    names: tuple[str, ...] = ()
    """The programs, as in relion_refine or relion_*; by default the name of the entry."""
    path: str | None = Field(default=None, pattern=r"^(/.*|[^/]+)$")
    """Absolute path, or the name that the program has here."""
    modules: tuple[str, ...] = ()
    """Modules that are loaded before it, in this order."""
    conda: str | None = Field(default=None, min_length=1)
    """Folder of the conda environment that has it, or its name below conda_root."""
    container: Container | None = None
    """Container image that has it."""
    search: tuple[Path, ...] = ()
    """Folders where programs are looked for first."""
    variables: dict[str, str] = Field(default={})
    """Variables that are set for it, as they stand: nothing in them is replaced. Numbers need quotes."""

    @field_validator("variables")
    @classmethod
    def _have_names(cls, variables: dict[str, str]) -> dict[str, str]:
        """Refuse what a shell would not take for a name."""
        if wrong := [name for name in variables if not re.fullmatch(r"[A-Za-z_]\w*", name)]:
            raise ValueError(f"names of letters, digits and underscores, not {wrong[0]!r}")
        return variables

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse what says nothing, or two things at once."""
        if not self.model_fields_set - {"names"}:
            raise ValueError("one of path, modules, conda, container, search or variables")
        if self.conda and self.container:
            raise ValueError("either conda or container")
        if self.search and self.container:
            raise ValueError("path instead: search has no meaning in a container")
        if self.path and (len(self.names) > 1 or any(map(_PATTERN.search, self.names))):
            raise ValueError("one name beside path; say search or modules for several programs")
        return self


class Programs(Model):
    """The file of a site that says how its programs are started."""

    module_init: Path = Path("/etc/profile")
    """What bash reads to know ``module``."""
    conda_root: Path | None = None
    """Folder of conda, in whose envs the environments are that are given by name."""
    programs: dict[str, Environment]
    """How programs are started, by a name of the entry."""

    @model_validator(mode="after")
    def _names_are_known_once(self) -> Self:
        """Refuse two ways to start one program, and environments that cannot be found."""
        names = [name for key, entry in self.programs.items() for name in entry.names or (key,)]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"one entry for {twice}")
        for key, entry in self.programs.items():
            if entry.conda and "/" not in entry.conda and self.conda_root is None:
                raise ValueError(f"conda_root beside the name {entry.conda!r} in {key}")
        return self

    def entry(self, program: str) -> Environment | None:
        """Return how a program is started, by its own name or by the first pattern that it follows."""
        found = {name: entry for key, entry in self.programs.items() for name in entry.names or (key,)}
        if program in found:
            return found[program]
        return next((entry for name, entry in found.items() if fnmatchcase(program, name)), None)

    def folder(self, conda: str) -> Path:
        """Return the folder of a conda environment."""
        return Path(conda) if "/" in conda or self.conda_root is None else self.conda_root / "envs" / conda


def of_site() -> Programs:
    """Return how the site starts its programs; nothing is said of them without CRYOEM_FLOWS_PROGRAMS."""
    file = site().programs
    if file is None:
        return _NOTHING
    if not file.is_file():
        raise InputError(_SETTING, str(file), "a YAML file that says how programs are started")
    return _read(file, file.stat().st_mtime_ns)


def entry(program: str) -> Environment | None:
    """Return how the site starts a program; None if it is not said, or if the program is given by its path."""
    return None if "/" in program else of_site().entry(program)


def word(program: str, environment: Environment) -> str:
    """Return what a program is called where it is started."""
    return environment.path or _STARTED_AS.get(program, program)


@lru_cache(maxsize=8)
def _read(file: Path, _modified: int) -> Programs:
    try:
        said = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise InputError(file, " ".join(str(error).split()), "YAML") from error
    if not isinstance(said, dict):
        raise InputError(file, repr(said), "a mapping with the key programs")
    try:
        return Programs.model_validate(said)
    except ValidationError as error:
        raise _refusal(file, error) from error


def _refusal(file: Path, error: ValidationError) -> InputError:
    """Name the first place that is wrong, what stands there, and what should."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    place = ".".join(map(str, first["loc"]))
    expected = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        expected = f"one of {', '.join(_keys(first['loc']))}"
    return InputError(f"{file}: {place}" if place else file, _shown(first["input"]), expected)


def _keys(place: tuple[int | str, ...]) -> Iterator[str]:
    """Return the keys that are known where one is unknown."""
    known: type[Model] = Programs if len(place) == 1 else Container if "container" in place[:-1] else Environment
    yield from known.model_fields


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever stands in a file
    return value.model_dump_json(exclude_defaults=True) if isinstance(value, Model) else repr(value)


_NOTHING = Programs(programs={})
