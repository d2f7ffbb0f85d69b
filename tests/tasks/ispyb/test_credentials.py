import logging
import traceback
from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.ispyb import credentials_file, open_ispyb
from tasks.ispyb.credentials import read_credentials

PASSWORD = "s3cret@host:/x#%y"  # noqa: S105 - with all that an address can misunderstand
LINES = {
    "username": "emw",
    "password": PASSWORD,
    "host": "ispyb.example.org",
    "port": "3306",
    "database": "ispyb",
}


def write(folder: Path, mode: int = 0o600, **lines: str | None) -> Path:
    given = {name: value for name, value in (LINES | lines).items() if value is not None}
    file = folder / "ispyb.cfg"
    section = [f"{name} = {value}" for name, value in given.items()]
    file.write_text("\n".join(["[ispyb_mariadb_sp]", "user = other", "[ispyb_sqlalchemy]", *section]))
    file.chmod(mode)
    return file


def test_what_the_file_says_reaches_the_driver_whole(tmp_path: Path):
    url = read_credentials(write(tmp_path)).url
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "emw",
        PASSWORD,
        "ispyb.example.org",
        3306,
        "ispyb",
    )


def test_the_password_is_never_shown(tmp_path: Path):
    file = write(tmp_path)
    database = open_ispyb(file)
    shown = f"{read_credentials(file)!r} {read_credentials(file).url} {database} {database.engine!r}"
    assert PASSWORD not in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("name", LINES)
def test_a_key_that_is_missing_is_named_with_the_file(tmp_path: Path, name: str):
    file = write(tmp_path, **{name: None})
    with pytest.raises(InputError, match=f"{file}: no {name} in") as caught:
        read_credentials(file)
    if name != "password":
        assert_silent(caught.value)


@pytest.mark.parametrize("port", ["mysql", "0", "70000"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str):
    with pytest.raises(InputError, match=r"port in \[ispyb_sqlalchemy\] cannot be used") as caught:
        read_credentials(write(tmp_path, port=port))
    assert_silent(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"password = {PASSWORD}\n", "cannot be understood"),
        (f"[ispyb_sqlalchemy]\n = {PASSWORD}\n", "cannot be understood"),
        ("[ispyb_sqlalchemy]\npassword = \xff", "cannot be understood"),
        ("[ispyb_mariadb_sp]\n", r"no section \[ispyb_sqlalchemy\]"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str, reason: str):
    file = tmp_path / "ispyb.cfg"
    file.write_bytes(content.encode("latin1"))
    with pytest.raises(InputError, match=reason) as caught:
        read_credentials(file)
    assert_silent(caught.value)


@pytest.mark.parametrize("name", ["nowhere.cfg", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str):
    with pytest.raises(InputError, match=str(tmp_path)):
        read_credentials(tmp_path / name)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_warned_of(
    tmp_path: Path, mode: int, warned: bool, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        read_credentials(write(tmp_path, mode))
    assert bool(caplog.records) is warned
    assert PASSWORD not in caplog.text


def test_with_certificates_only_the_right_server_is_talked_to(tmp_path: Path):
    assert read_credentials(write(tmp_path)).certificates == {}
    (tmp_path / "ca.pem").touch()
    assert read_credentials(write(tmp_path, ssl_ca=str(tmp_path / "ca.pem"))).certificates == {
        "ssl_ca": str(tmp_path / "ca.pem"),
        "ssl_verify_cert": True,
        "ssl_verify_identity": True,
    }


def test_certificates_that_are_not_there_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"ssl_ca in \[ispyb_sqlalchemy\] cannot be used"):
        read_credentials(write(tmp_path, ssl_ca=str(tmp_path / "nowhere.pem")))


def test_our_setting_comes_before_that_of_ispyb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ISPYB_CREDENTIALS", "CRYOEM_FLOWS_ISPYB"):
        monkeypatch.delenv(name, raising=False)
    assert credentials_file() is None
    monkeypatch.setenv("ISPYB_CREDENTIALS", "/etc/ispyb.cfg")
    assert credentials_file() == Path("/etc/ispyb.cfg")
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", "/etc/cryoem-flows/ispyb.cfg")
    assert credentials_file() == Path("/etc/cryoem-flows/ispyb.cfg")


def assert_silent(error: BaseException) -> None:
    """Neither the error nor what is printed with it shows the password."""
    printed = "".join(traceback.format_exception(error))
    assert "s3cret" not in printed
