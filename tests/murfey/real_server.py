"""Murfey's own server, as it is, at a site with small numbers: a program for the environment in which Murfey is.

Where a facility has an ISPyB, that gives the numbers of data collections and programs; here the database does.
"""

import json
import os

from murfey.server import run
from murfey.server.murfey_db import url
from murfey.util.db import setup
from murfey.util.processing_params import default_spa_parameters
from sqlalchemy import FetchedValue, create_engine, text
from sqlmodel import SQLModel

SMALL = "SMALL_NUMBERS"
"""Variable with those parameters of single particles that are not Murfey's defaults, as JSON."""
NUMBERED = {
    "datacollectiongroup": ("dataCollectionGroupId", 5_000_000),
    "datacollection": ("dataCollectionId", 6_017_406),
    "processingjob": ("processingJobId", 7_000_000),
    "autoprocprogram": ("autoProcProgramId", 56_986_676),
}


def number_rows() -> None:
    """Make Murfey's tables, and have the database number what ISPyB would."""
    setup(url())
    with create_engine(url()).begin() as connection:
        for table, (column, first) in NUMBERED.items():
            connection.execute(text(f"CREATE SEQUENCE {table}_numbers START {first}"))
            default = f"nextval('{table}_numbers')"
            connection.execute(text(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET DEFAULT {default}'))
            # So that Murfey reads the number which was given.
            next(
                known for known in SQLModel.metadata.tables[table].c if known.name == column
            ).server_default = FetchedValue()


if __name__ == "__main__":
    for name, number in json.loads(os.environ[SMALL]).items():
        setattr(default_spa_parameters, name, number)
    number_rows()
    # One of its threads looks all the time whether it is connected.
    os.nice(10)
    run.run()
