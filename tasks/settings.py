"""What a site decides, read from the environment (CRYOEM_FLOWS_...) or a .env file."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Site settings."""

    model_config = SettingsConfigDict(env_prefix="CRYOEM_FLOWS_", env_file=".env", extra="ignore")

    command_timeout: float = 7200.0
    """Seconds after which a program is taken for hanging and killed with its children."""
