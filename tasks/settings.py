"""What a site decides, read from the environment (CRYOEM_FLOWS_...) or a .env file."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _at_home() -> SecretStr:
    return SecretStr(f"sqlite:///{Path.home() / '.cryoem-flows' / 'ledger.db'}")


class Settings(BaseSettings):
    """Site settings."""

    model_config = SettingsConfigDict(env_prefix="CRYOEM_FLOWS_", env_file=".env", extra="ignore")

    command_timeout: float = 7200.0
    """Seconds after which a program is taken for hanging and killed with its children."""

    ledger: SecretStr = Field(default_factory=_at_home)
    """Where the ledger is: a file for one machine, or postgresql://USER:PASSWORD@HOST/DATABASE for a facility."""
