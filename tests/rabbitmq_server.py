"""A RabbitMQ server that a test starts, kills and starts again."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pika
import psutil
import pytest
from pika.exceptions import AMQPError

CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{port}
log.file = false
log.console = true
log.console.level = warning
disk_free_limit.absolute = 1MB
vm_memory_high_watermark.absolute = 512MB
# As sites have it, so that tests see what a message costs that goes back to its queue.
consumer_timeout = 1800000
"""
# Few threads that do not spin while they wait: other tests run beside it.
ERLANG = "+S 1:1 +SDio 2 +A 2 +sbwt none +sbwtdcpu none +sbwtdio none"


class Message:
    """What a test reads from a queue."""

    def __init__(self, body: bytes, properties: pika.BasicProperties) -> None:
        self.body, self.properties = body, properties
        self.headers = properties.headers


class RabbitMq:
    """A RabbitMQ server in a folder, with an epmd (in which Erlang keeps the names of its nodes) of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = rabbitmq_programs()
        self.account = account(folder)
        self.port, distribution, self.names_port = free_ports(3)
        (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(port=self.port))
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "environment").touch()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")} | {
            # Also for the cookie with which Erlang's nodes know each other.
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(self.names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
        }
        self.names: psutil.Popen | None = None
        self.process: psutil.Popen | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def start(self) -> None:
        """Start the server, and epmd in the foreground: the server would leave behind the one that it starts."""
        if self.names is None:
            self.names = self._run(epmd())
            until(lambda: is_open(self.names_port), "epmd did not start")
        self.process = self._run(self.programs / "rabbitmq-server")
        until(self._answers, "RabbitMQ did not start", self.folder / "log")

    def kill(self) -> None:
        """Kill the server and its children at once, as a power cut does."""
        if self.process is None:
            return
        family = [*self.process.children(recursive=True), self.process]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=30)
        # epmd frees the name when it notices.
        until(lambda: not is_open(self.port), "RabbitMQ did not die")

    def end(self) -> None:
        self.kill()
        if self.names is not None:
            self.names.kill()
            self.names.wait(30)

    def _run(self, program: Path) -> psutil.Popen:
        with (self.folder / "log").open("ab") as log:
            where = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": self.folder}
            return psutil.Popen([program], env=self.environment, start_new_session=True, **where, **self.account)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"RabbitMQ has ended: {(self.folder / 'log').read_text()}")
        try:
            self.connect().close()
        except (AMQPError, OSError):
            return False
        return True

    def connect(self) -> pika.BlockingConnection:
        return pika.BlockingConnection(pika.URLParameters(self.url))

    def make(self, name: str = "", **arguments: object) -> str:
        """Make a durable queue, by default with a name of its own."""
        queue = name or f"test.{uuid4().hex}"
        with self.connect() as connection:
            connection.channel().queue_declare(queue, durable=True, arguments=arguments or None)
        return queue

    def send(self, queue: str, *bodies: bytes, **properties: object) -> None:
        """Send as Murfey does: persistent, with an empty table of headers; here with confirms."""
        envelope = pika.BasicProperties(**{"headers": {}, "delivery_mode": 2} | properties)
        with self.connect() as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for body in bodies:
                channel.basic_publish("", queue, body, envelope, mandatory=True)

    def waiting(self, queue: str) -> int:
        with self.connect() as connection:
            return connection.channel().queue_declare(queue, passive=True).method.message_count

    def is_consumed(self, queue: str) -> bool:
        """Tell whether somebody awaits the messages of a queue."""
        with self.connect() as connection:
            return connection.channel().queue_declare(queue, passive=True).method.consumer_count > 0

    def read(self, queue: str) -> list[Message]:
        """Take all messages out of a queue."""
        found = []
        with self.connect() as connection:
            channel = connection.channel()
            while (message := channel.basic_get(queue, auto_ack=True))[0] is not None:
                found.append(Message(message[2], message[1]))
        return found


def rabbitmq_programs() -> Path:
    """Where Debian has the server itself, not the script that becomes another user."""
    folder = Path("/usr/lib/rabbitmq/bin")
    if not (folder / "rabbitmq-server").is_file():
        pytest.fail("RabbitMQ is not installed: apt-get install rabbitmq-server, or run make test as root")
    return folder


def epmd() -> Path:
    return Path(shutil.which("epmd") or "/usr/lib/erlang/bin/epmd")


def account(folder: Path) -> dict[str, object]:
    """As root, use the account that the package made."""
    if os.geteuid() != 0:
        return {}
    rabbitmq = pwd.getpwnam("rabbitmq")
    os.chown(folder, rabbitmq.pw_uid, rabbitmq.pw_gid)
    return {"user": rabbitmq.pw_uid, "group": rabbitmq.pw_gid, "extra_groups": []}


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses; held together, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def until(done, failure: str, log: Path | None = None, seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            pytest.fail(f"{failure}: {log.read_text() if log else ''}")
        time.sleep(0.1)
