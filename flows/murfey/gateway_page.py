"""The two pages of the gateway: /health for those who restart it, /metrics for Prometheus."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from flows.murfey.gateway_health import Health
from tasks.errors import InputError


@contextmanager
def pages(host: str, port: int, health: Health, registry: CollectorRegistry) -> Iterator[int]:
    """Serve the pages meanwhile; yield the port, which is any free one if 0 was given."""
    try:
        server = ThreadingHTTPServer((host, port), partial(_Page, health, registry))
    except OSError as error:
        raise InputError(
            "health port", f"{host}:{port}: {error.strerror}", "an address on which we may listen"
        ) from error
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="pages", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Page(BaseHTTPRequestHandler):
    """One request."""

    timeout = 10

    def __init__(self, health: Health, registry: CollectorRegistry, *request: Any) -> None:  # noqa: ANN401 - as its base
        self._health, self._registry = health, registry
        super().__init__(*request)

    def do_GET(self) -> None:
        """Answer."""
        match self.path.partition("?")[0]:
            case "/health":
                problems = self._health.problems()
                status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
                self._say(status, "application/json", json.dumps({"healthy": not problems, **problems}).encode())
            case "/metrics":
                self._say(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self._registry))
            case _:
                self._say(HTTPStatus.NOT_FOUND, "text/plain", b"/health or /metrics\n")

    def log_message(self, *_: object) -> None:
        """Say nothing of those who look every few seconds."""

    def _say(self, status: HTTPStatus, kind: str, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
