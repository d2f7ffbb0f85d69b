"""What a site decides, read from the environment (CRYOEM_FLOWS_...) or a .env file."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.errors import InputError

_PREFIX = "CRYOEM_FLOWS_"
_FILE = ".env"


def _at_home() -> SecretStr:
    return SecretStr(f"sqlite:///{Path.home() / '.cryoem-flows' / 'ledger.db'}")


def _of_ispyb() -> Path | None:
    named = os.environ.get("ISPYB_CREDENTIALS")
    return Path(named) if named else None


class Settings(BaseSettings):
    """Site settings; raises InputError if one of them cannot be used."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=_FILE, env_ignore_empty=True, extra="ignore", use_attribute_docstrings=True
    )

    command_timeout: float = 7200.0
    """Seconds after which a program is taken for hanging and killed with its children."""

    programs: Path | None = None
    """YAML file that says how the field's programs are started: by modules, in conda environments, from containers;
    what it does not name is looked for in PATH."""

    ledger: SecretStr = Field(default_factory=_at_home)
    """Where the ledger is: a file for one machine, or postgresql://USER:PASSWORD@HOST/DATABASE for a facility."""

    runner: Literal["threads", "dask"] = "threads"
    """Where the tasks of a flow run: threads (of the flow's own process) or dask (workers)."""

    threads: PositiveInt | None = None
    """Number of tasks at once in a process: by default as many as cores with threads, 1 in a Dask worker."""

    gpus: str | None = Field(default=None, pattern=r"^(all|\d+(,\d+)*)$")
    """GPUs of this host, of which each gets a Dask worker: all, or numbers as nvidia-smi counts them, as in 0,1,3."""

    workers: PositiveInt | None = None
    """Number of Dask workers on this host where GPUs do not decide it: by default as many as keep the cores busy."""

    scheduler: str | None = Field(default=None, pattern=r"^[a-z]+://\S+$")
    """Address of a Dask scheduler that has its workers already, as in tcp://10.0.0.1:8786."""

    slots: PositiveInt | None = None
    """Number of items that a run works on at once: by default as many as there are threads or workers."""

    runs_per_session: PositiveInt = 1
    """Number of runs that may work off what waits of one session at once: say the number of machines or of GPUs."""

    ispyb: Path | None = Field(default_factory=_of_ispyb)
    """File with the credentials of ISPyB, as its own programs read it (by default where they do, ISPYB_CREDENTIALS);
    without it nothing is written there. Who has nothing to write there need not have the file, only the setting."""

    broker: SecretStr | None = None
    """Where RabbitMQ is, amqp://USER:PASSWORD@HOST:PORT/VHOST; several of a cluster with spaces between."""

    murfey_queue: str = Field(default="processing_recipe", min_length=1)
    """Queue in which Murfey says what is to be done."""

    connector_queue: str = Field(default="ispyb_connector", min_length=1)
    """Queue in which Murfey says what ISPyB is to be told; none if others read it."""

    foreign_queue: str | None = None
    """Queue for the recipes that are not ours (sxt-..., clem-...); by default they are parked."""

    foreign_connector_queue: str | None = None
    """Queue for what ISPyB is to be told that is not ours; by default it is parked."""

    parked_queue: str = Field(default="cryoem-flows.parked", min_length=1)
    """Queue for the messages that cannot be used, each with the reason in its headers."""

    murfey_parameters: Path | None = None
    """YAML file of how sessions of Murfey are processed, with sections spa and tomography; by default as others are."""

    murfey_recipes: dict[str, str] = Field(default={})
    """Names that the site has for Murfey's recipes, as JSON: the site's name, and that of Murfey."""

    murfey_folders: list[Path] = Field(default=[])
    """Folders in which requests of Murfey may have files written, as a JSON list; by default all that one may write."""

    feedback_rate: PositiveFloat = 2.0
    """How many messages Murfey gets in a second: it takes them one by one, and slowly."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - any setting
        try:
            super().__init__(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            expected = type(self).model_fields[name].description or first["msg"]
            raise InputError(_variable(name), repr(first["input"]), expected) from error

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse what would have no effect beside another setting."""
        if self.runner == "threads":
            self._refuse(f"{_variable('runner')}=dask beside it", "gpus", "workers", "scheduler")
        if self.scheduler:
            self._refuse(f"nothing beside {_variable('scheduler')}", "gpus", "workers", "threads")
        if self.gpus:
            self._refuse(f"nothing beside {_variable('gpus')}", "workers")
        return self

    def _refuse(self, expected: str, *names: str) -> None:
        for name in names:
            if (value := getattr(self, name)) is not None:
                raise InputError(_variable(name), repr(value), expected)


def site() -> Settings:
    """Return the settings as they are now; they are read again only if the environment or the file has changed."""
    file = Path(_FILE)
    return _read(frozenset(os.environ.items()), file.resolve(), file.stat().st_mtime_ns if file.is_file() else None)


@lru_cache(maxsize=1)
def _read(_environment: frozenset[tuple[str, str]], _file: Path, _modified: int | None) -> Settings:
    """Read the settings, which takes as long as starting a program."""
    return Settings()


def _variable(name: str) -> str:
    return _PREFIX + name.upper()
