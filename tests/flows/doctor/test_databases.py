import time

import pytest
from mariadb_server import UNBUFFERED, Ispyb
from sqlalchemy import create_engine, text

from flows.doctor import databases
from flows.doctor.examination import examine
from flows.doctor.findings import Finding
from tasks.ledger import Arrival, Claimer, Failure, Session, arrive, claim, fail, open_ledger, open_session
from tasks.ledger.schema import NEWEST


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ISPYB_CREDENTIALS", "CRYOEM_FLOWS_ISPYB"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def url(tmp_path, monkeypatch) -> str:
    address = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", address)
    return address


def found(check) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine({"it": check})}


def test_a_ledger_that_is_not_there_yet_is_not_made(url, tmp_path):
    tables = found(databases.check_ledger)["tables"]
    assert tables.state == "ok"
    assert "made when it is first used" in tables.found
    assert not (tmp_path / "ledger.db").exists()


def test_a_ledger_of_our_version_may_be_written_and_has_the_same_time(url):
    open_ledger(url).close()
    every = found(databases.check_ledger)
    assert every["tables"].found.endswith(f"revision {NEWEST}, may be written")
    assert every["clock"].state == "ok"
    assert list(every) == ["tables", "clock"]


@pytest.mark.parametrize(("revision", "state"), [("0002", "ok"), ("0999", "broken")])
def test_an_older_ledger_will_be_migrated_a_newer_one_is_of_no_use(url, revision, state):
    open_ledger(url).close()
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    tables = found(databases.check_ledger)["tables"]
    assert tables.state == state
    assert revision in tables.found


def test_a_clock_that_is_wrong_is_broken(url, monkeypatch):
    open_ledger(url).close()
    real = time.time
    monkeypatch.setattr(databases.time, "time", lambda: real() + 42)
    clock = found(databases.check_ledger)["clock"]
    assert clock.state == "broken"
    assert clock.found == "42.0 s ahead of the ledger's"
    assert "NTP" in clock.advice


def test_what_holds_up_the_work_is_said(url, tmp_path):
    ledger = open_ledger(url)
    open_session(ledger, Session(name="cm1", kind="tomography", folder=tmp_path))
    arrive(ledger, [Arrival(session="cm1", kind="movie", key="a", payload={})])
    (lease,) = claim(ledger, Claimer(owner="worker", kinds=("movie",), lease=60), 1)
    fail(ledger, lease, Failure(kind="no-licence", reason="license expired"))
    ledger.close()
    pause = found(databases.check_ledger)["pause"]
    assert pause.state == "broken"
    assert "no-licence" in pause.found
    assert "license expired" in pause.found


def test_a_ledger_that_cannot_be_reached_is_broken_without_its_password(monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", "postgresql://me:secret@127.0.0.1:1/ledger")
    monkeypatch.setattr(databases, "_PATIENCE", 0.5)
    (finding,) = found(databases.check_ledger).values()
    assert finding.state == "broken"
    assert "did not answer" in finding.found
    assert "secret" not in finding.found


def test_a_ledger_that_we_may_only_read_is_broken(empty_postgresql, monkeypatch):
    address = empty_postgresql()
    ledger = open_ledger(address)
    with ledger.engine.begin() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    ledger.close()
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", address.replace("postgres@", "reader@"))
    (finding,) = found(databases.check_ledger).values()
    assert finding.state == "broken"
    assert "permission denied" in finding.found


def test_without_credentials_nothing_is_written_to_ispyb():
    ispyb = found(databases.check_ispyb)["ISPyB"]
    assert ispyb.state == "missing"


def test_an_ispyb_that_may_be_written_is_told_from_one_that_may_not(ispyb: Ispyb, tmp_path, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(ispyb.credentials(tmp_path)))
    whole = found(databases.check_ispyb)["ISPyB"]
    assert whole.state == "ok"
    assert whole.found.endswith("17 of 17 tables may be written")
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(ispyb.credentials(tmp_path, UNBUFFERED)))
    partly = found(databases.check_ispyb)["ISPyB"]
    assert partly.state == "ok"
    assert "zc_ZocaloBuffer may not, and is left out" in partly.found
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(ispyb.credentials(tmp_path, password="wrong")))  # noqa: S106
    (refused,) = found(databases.check_ispyb).values()
    assert refused.state == "broken"
    assert "Access denied" in refused.found
