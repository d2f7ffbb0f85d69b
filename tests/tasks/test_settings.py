from pathlib import Path

import pytest

from tasks.errors import InputError
from tasks.settings import site


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_settings_are_read_once_while_nothing_changes():
    assert site() is site()


def test_a_changed_environment_or_file_counts_at_once(folder, monkeypatch):
    assert site().slots is None
    (folder / ".env").write_text("CRYOEM_FLOWS_SLOTS=3")
    assert site().slots == 3
    monkeypatch.setenv("CRYOEM_FLOWS_SLOTS", "5")
    assert site().slots == 5
    monkeypatch.setenv("CRYOEM_FLOWS_SLOTS", "none")
    with pytest.raises(InputError, match="CRYOEM_FLOWS_SLOTS"):
        site()


def test_the_credentials_of_ispyb_are_where_its_own_programs_look_unless_we_are_told(monkeypatch):
    assert site().ispyb is None
    monkeypatch.setenv("ISPYB_CREDENTIALS", "/etc/ispyb.cfg")
    assert site().ispyb == Path("/etc/ispyb.cfg")
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", "/etc/ours.cfg")
    assert site().ispyb == Path("/etc/ours.cfg")
