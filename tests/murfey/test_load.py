"""Many requests at once, of which ISPyB hears late: with thousands of them it is `benchmarks/gateway_load.py`."""

import pytest
from mariadb_server import Ispyb
from murfey.load import Load, gateway
from murfey.rig import Rig, undelivered
from rabbitmq_server import RabbitMq

from tasks.settings import Settings

COUNT = 200


@pytest.fixture
def settings(ispyb: Ispyb, tmp_path, monkeypatch) -> Settings:
    """Whoever works on items must know, too, that ISPyB is to be told."""
    monkeypatch.setenv("CRYOEM_FLOWS_ISPYB", str(ispyb.credentials(tmp_path)))
    return Settings()


@pytest.mark.slow
def test_an_ispyb_that_stops_in_the_middle_has_each_row_once_afterwards(
    rig: Rig, rabbitmq: RabbitMq, ispyb: Ispyb, movies, settings: Settings
):
    load = Load(rig, rabbitmq, ispyb, movies(COUNT))
    with gateway(broker=rabbitmq.url, feedback_rate="1000"):
        load.run(away=3, patience=300)
    assert load.rows() == load.due()
    assert load.paths() == {str(rig.murfey.site.folder / "raw7" / name) for name in load.names}
    assert load.answers() == {("picked_particles", number): 1 for number in load.spa.movies}
    assert rig.done == {"movie": COUNT}
    assert undelivered(rig.ledger) == {}
    assert not any(map(rabbitmq.waiting, ("processing_recipe", "murfey_feedback", settings.parked_queue)))
