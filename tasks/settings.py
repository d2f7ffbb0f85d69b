"""What a site decides, read from the environment (CRYOEM_FLOWS_...) or a .env file."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.errors import InputError

_PREFIX = "CRYOEM_FLOWS_"
_FILE = ".env"


def _at_home() -> SecretStr:
    return SecretStr(f"sqlite:///{Path.home() / '.cryoem-flows' / 'ledger.db'}")


class Settings(BaseSettings):
    """Site settings; raises InputError if one of them cannot be used."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=_FILE, env_ignore_empty=True, extra="ignore", use_attribute_docstrings=True
    )

    command_timeout: float = 7200.0
    """Seconds after which a program is taken for hanging and killed with its children."""

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
