"""The scripted Murfey at a broker: a thread that publishes requests and consumes feedback, one message at a time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

import pika
from murfey.scripted import QUEUE, Body, ScriptedMurfey
from pika.adapters.blocking_connection import BlockingChannel

REQUESTS, CONNECTOR = "processing_recipe", "ispyb_connector"
SECONDS = 0.05


class AtBroker:
    """Whoever talks to Murfey meanwhile takes the lock."""

    def __init__(self, murfey: ScriptedMurfey, url: str) -> None:
        self.murfey, self.url, self.lock = murfey, url, Lock()
        self.failure: BaseException | None = None
        self._published, self._told, self._over = len(murfey.requests), len(murfey.to_ispyb), Event()

    @contextmanager
    def running(self) -> Iterator["AtBroker"]:
        """Be there meanwhile; what was to be sent before is sent then."""
        self._over.clear()
        thread = Thread(target=self._run, name="scripted Murfey", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join(30)
        if self.failure:
            raise self.failure

    def _run(self) -> None:
        try:
            with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
                self._serve(connection.channel())
        except BaseException as error:  # noqa: BLE001 - the test tells of it
            self.failure = error

    def _serve(self, channel: BlockingChannel) -> None:
        channel.basic_qos(prefetch_count=1)
        for method, properties, body in channel.consume(QUEUE, inactivity_timeout=SECONDS):
            if method:
                with self.lock:
                    before = len(self.murfey.dead)
                    self.murfey.deliver(body, properties.headers)
                    is_dead = len(self.murfey.dead) > before
                # What follows is sent before the message counts as consumed.
                self._publish(channel)
                if is_dead:
                    channel.basic_nack(method.delivery_tag, requeue=False)
                else:
                    channel.basic_ack(method.delivery_tag)
            self._publish(channel)
            if self._over.is_set():
                return

    def _publish(self, channel: BlockingChannel) -> None:
        with self.lock:
            requests, told = self.murfey.requests[self._published :], self.murfey.to_ispyb[self._told :]
            self._published, self._told = len(self.murfey.requests), len(self.murfey.to_ispyb)
        for request in requests:
            publish(channel, REQUESTS, request)
        for message in told:
            publish(channel, CONNECTOR, message)


def publish(channel: BlockingChannel, queue: str, body: Body) -> None:
    """Publish as Murfey does: an empty table of headers, persistent, and nothing that identifies the message."""
    channel.basic_publish("", queue, json.dumps(body).encode(), pika.BasicProperties(headers={}, delivery_mode=2))


def declare(channel: BlockingChannel, *queues: str) -> None:
    """Make the queues that must be there before Murfey starts."""
    for queue in queues or (REQUESTS, CONNECTOR, QUEUE):
        channel.queue_declare(queue, durable=True)
