"""What a request of Murfey costs the gateway: messages in a second and CPU time for each, from the queue to the ledger.

    python benchmarks/gateway.py BROKER [LEDGER] [MESSAGES]

publishes requests for movies to a queue of its own on the broker (amqp://...), lets a gateway take them as fast as the
broker gives them, and prints that beside a consumer that does nothing but settle them, measured in the same run. The
ledger is an SQLite file if none is given. The CPU time of the broker, and of a PostgreSQL server, is not in it.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage
from threading import Event, Thread
from uuid import uuid4

import pika
from pydantic import SecretStr

from flows.murfey.gateway import Gateway
from flows.murfey.gateway_desks import receive_request
from flows.murfey.gateway_events import Announcer
from flows.murfey.gateway_health import Health
from flows.murfey.gateway_intake import Desk, Intake
from flows.murfey.gateway_metrics import Metrics
from flows.murfey.gateway_publishing import Publisher
from tasks.broker import Broker
from tasks.ledger import Ledger, all_sessions, open_ledger, status

RAW = "/data/2026/cm12345-1/raw7/Images-Disc1/GridSquare_111/Data"
CORRECTED = "/data/2026/cm12345-1/processed/raw7/MotionCorr/job002/Movies/Images-Disc1/GridSquare_111/Data"


def main(broker: str, ledger: str, count: int) -> None:
    """Take so many requests, and take them once more, when they are known."""
    queue = f"benchmark.{uuid4().hex}"
    opened = open_ledger(ledger)
    bare = measured("settle only", count, publish(broker, queue, count), lambda: settle(broker, queue, count))
    for name in ("from queue to ledger", "the same again"):
        now = measured(name, count, publish(broker, queue, count), lambda: serve(broker, opened, queue, count))
        print(f"  {now / bare:.0f} times the CPU time of settling")
    (session,) = all_sessions(opened)
    movies = {kind.kind: kind.waiting for kind in status(opened, session.name).kinds}
    print(f"in the ledger: {movies}")
    opened.close()
    with pika.BlockingConnection(pika.URLParameters(broker)) as connection:
        for name in (queue, f"{queue}.parked"):
            connection.channel().queue_delete(name)


def request(number: int) -> bytes:
    """Return a request as Murfey sends it."""
    name = f"FoilHole_{number}_Data_333_3_20260101_120003_fractions"
    parameters = {
        "node_creator_queue": "node_creator",
        "dcid": 6017412,
        "kv": 300,
        "autoproc_program_id": 56986701,
        "movie": f"{RAW}/{name}.tiff",
        "mrc_out": f"{CORRECTED}/{name}_motion_corrected.mrc",
        "pixel_size": 0.831,
        "image_number": number,
        "microscope": "talos1",
        "mc_uuid": 2 * number,
        "foil_hole_id": None,
        "ft_bin": 1,
        "fm_dose": 1.1,
        "gain_ref": "/data/2026/cm12345-1/processing/gain.mrc",
        "picker_uuid": 2 * number + 1,
        "session_id": 7,
        "particle_diameter": 0,
        "fm_int_file": None,
        "do_icebreaker_jobs": True,
        "cryolo_model_weights": "/models/gmodel_phosnet.h5",
        "feedback_queue": "murfey_feedback",
    }
    return json.dumps({"recipes": ["em-spa-preprocess"], "parameters": parameters}).encode()


def publish(broker: str, queue: str, count: int) -> int:
    """Publish the requests as Murfey does, without confirms; return how many there are."""
    with pika.BlockingConnection(pika.URLParameters(broker)) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, durable=True)
        for number in range(count):
            properties = pika.BasicProperties(headers={}, delivery_mode=2)
            channel.basic_publish("", queue, request(number + 1), properties)
    with Broker(SecretStr(broker)) as ours:
        while ours.waiting(queue) < count:
            time.sleep(0.1)
    return count


def settle(broker: str, queue: str, count: int) -> None:
    """Receive and settle, no more."""
    with Broker(SecretStr(broker)) as ours:
        ours.consume([queue], 50)
        taken = 0
        while taken < count:
            if received := ours.receive(50, 1.0):
                taken += len(received)
                ours.settle(received[-1])


def serve(broker: str, ledger: Ledger, queue: str, count: int) -> None:
    """Let a gateway take what is there."""
    health = Health()
    metrics = Metrics(health)
    gateway = Gateway(
        url=SecretStr(broker),
        ledger=ledger,
        intake=Intake(ledger, {queue: Desk(receive_request)}, f"{queue}.parked", metrics),
        publisher=Publisher(ledger, 2.0, metrics),
        announcer=Announcer(None),
        health=health,
        metrics=metrics,
    )
    stop = Event()
    thread = Thread(target=gateway.run, args=(stop,))
    thread.start()
    labels = {"queue": queue, "recipe": "em-spa-preprocess", "outcome": "taken"}
    while (metrics.registry.get_sample_value("cryoem_gateway_messages_total", labels) or 0) < count:
        time.sleep(0.05)
    stop.set()
    thread.join()


def measured(name: str, count: int, _published: int, work: Callable[[], None]) -> float:
    """Print what the work cost for each message; return its CPU seconds."""
    begun, before = time.perf_counter(), getrusage(RUSAGE_SELF)
    work()
    wall, after = time.perf_counter() - begun, getrusage(RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}: {count / wall:.0f} messages/s, {1000 * seconds / count:.2f} ms CPU each")
    return seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        given = sys.argv[1:]
        main(
            given[0], given[1] if len(given) > 1 else f"sqlite:///{temporary}/ledger.db", int((given[2:] or [5000])[0])
        )
