"""Who we are for ISPyB: read from the file that ISPyB's own programs read."""

import logging
import os
import stat
from configparser import Error, RawConfigParser
from pathlib import Path
from typing import Any

from pydantic import Field, FilePath, SecretStr, ValidationError
from sqlalchemy import URL

from tasks.errors import InputError
from tasks.models import Model
from tasks.settings import site

_log = logging.getLogger(__name__)
SECTION = "ispyb_sqlalchemy"
_VARIABLE = "ISPYB_CREDENTIALS"
_EXPECTED = f"a file with a section [{SECTION}] and in it username, password, host, port and database"


class Credentials(Model):
    """Where ISPyB is, and as whom it is written."""

    username: str = Field(min_length=1)
    """The database's user, with the rights of deployments/ispyb_role.sql and no more."""
    password: SecretStr
    """Its password."""
    host: str = Field(min_length=1)
    """Name or address of the machine."""
    port: int = Field(ge=1, le=65535)
    """Number of the port, 1 to 65535."""
    database: str = Field(min_length=1)
    """Name of the database."""
    ssl_ca: FilePath | None = None
    """Certificates of those who vouch for the server; with it only such a server is talked to."""
    ssl_cert: FilePath | None = None
    """Our own certificate, if the server asks for one."""
    ssl_key: FilePath | None = None
    """The key to our own certificate."""

    @property
    def url(self) -> URL:
        """The address, which shows no password when it is printed."""
        password = self.password.get_secret_value()
        return URL.create(
            "mysql+mysqlconnector", self.username, password, host=self.host, port=self.port, database=self.database
        )

    @property
    def certificates(self) -> dict[str, Any]:
        """What the driver must know to talk to that server only; nothing without ssl_ca."""
        if self.ssl_ca is None:
            return {}
        files = {"ssl_ca": self.ssl_ca, "ssl_cert": self.ssl_cert, "ssl_key": self.ssl_key}
        given = {name: str(file) for name, file in files.items() if file is not None}
        return given | {"ssl_verify_cert": True, "ssl_verify_identity": True}


def credentials_file() -> Path | None:
    """Return where the credentials are: as CRYOEM_FLOWS_ISPYB says, or else as ISPYB_CREDENTIALS does."""
    named = os.environ.get(_VARIABLE)
    return site().ispyb or (Path(named) if named else None)


def read_credentials(file: Path) -> Credentials:
    """Read a file of credentials. What it says is never repeated in an error: it may be the password."""
    section = _section(file)
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("%s holds a password that others may read: chmod 600 %s", file, file)
    given = {name: section[name] for name in Credentials.model_fields if section.get(name)}
    try:
        return Credentials.model_validate(given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        found = f"{name} in [{SECTION}] cannot be used" if name in given else f"no {name} in [{SECTION}]"
        expected = Credentials.model_fields[name].description or _EXPECTED
    raise InputError(file, found, expected)


def _section(file: Path) -> dict[str, str | None]:
    parser = RawConfigParser(allow_no_value=True)
    try:
        parser.read_string(file.read_text())
    except OSError as error:
        raise InputError(file, error.strerror or "cannot be read", _EXPECTED) from error
    except (Error, UnicodeDecodeError):
        found = "cannot be understood"
    else:
        if parser.has_section(SECTION):
            return dict(parser.items(SECTION))
        found = f"no section [{SECTION}]"
    # Outside of the handler: a parser's error shows lines of the file, and would be printed with ours.
    raise InputError(file, found, _EXPECTED)
