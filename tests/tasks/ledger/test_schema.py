import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from tasks.errors import InputError
from tasks.ledger import Ledger, open_ledger
from tasks.ledger.schema import NEWEST, configuration, revision
from tasks.ledger.tables import metadata


@pytest.fixture
def ledger(empty_url: str) -> Iterator[Ledger]:
    ledger = open_ledger(empty_url)
    yield ledger
    ledger.close()


def test_the_migrations_make_the_tables_that_the_code_expects(ledger: Ledger) -> None:

    def differences(connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)

    assert ledger.read(differences) == []
    for table in metadata.sorted_tables:
        made = ledger.read(lambda connection, name=table.name: inspect(connection).get_check_constraints(name))
        expected = {
            check.name for check in table.constraints if check.__visit_name__ == "table_or_column_check_constraint"
        }
        assert {check["name"] for check in made} == expected


def test_the_newest_revision_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [NEWEST]


def test_many_may_open_a_new_ledger_at_once(empty_url: str) -> None:
    errors: list[Exception] = []

    def open_it() -> None:
        try:
            open_ledger(empty_url).close()
        except Exception as error:
            errors.append(error)
            raise

    openers = [threading.Thread(target=open_it) for _ in range(4)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert errors == []
    with closing(open_ledger(empty_url)) as ledger:
        assert ledger.read(revision) == NEWEST


def test_a_ledger_of_a_newer_program_is_refused(ledger: Ledger, empty_url: str) -> None:
    ledger.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(InputError, match="tables of revision 9999; expected at most"):
        open_ledger(empty_url)


def test_a_migration_that_fails_leaves_nothing(ledger: Ledger, empty_url: str) -> None:

    def obstruct(connection) -> None:
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("CREATE TABLE outbox (other INTEGER)"))

    ledger.write(obstruct)
    with pytest.raises(Exception, match="outbox"):
        open_ledger(empty_url)
    assert ledger.read(lambda connection: inspect(connection).get_table_names()) == ["outbox"]
