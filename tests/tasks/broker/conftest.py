import pytest
from pydantic import SecretStr

from tasks.broker import Broker


@pytest.fixture
def url(rabbitmq) -> SecretStr:
    return SecretStr(rabbitmq.url)


@pytest.fixture
def broker(url):
    with Broker(url) as broker:
        yield broker


@pytest.fixture
def queue(rabbitmq) -> str:
    """An empty durable queue."""
    return rabbitmq.make()
