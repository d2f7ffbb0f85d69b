"""``cryoem-flows murfey`` and ``cryoem-flows submit``: what Murfey, or a person, asks for is done."""

import json
import logging
from collections.abc import Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue, SecretStr

from flows.commands.service import hook, log_to_standard_error, until_told
from tasks.errors import InputError
from tasks.ledger import Ledger, LedgerError, open_ledger
from tasks.settings import Settings

if TYPE_CHECKING:
    from flows.murfey.gateway_health import Health

_log = logging.getLogger(__name__)

# The gateway waits for a ledger that is away by itself, and meanwhile must not be taken for dead by the broker.
_PATIENCE = 5.0
_RETRY = 2.0


def murfey(
    host: Annotated[str, typer.Option(help="Address on which /health and /metrics are served.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port; 0 for any free one.")] = 8075,
    events: Annotated[bool, typer.Option(help="Tell the Prefect server what arrives.")] = True,
    put_back: Annotated[bool, typer.Option(help="Only give the parked messages another chance.")] = False,
) -> None:
    """Take what Murfey asks for, and tell it what became of it, until told to stop.

    All that has arrived stands in the ledger: stop and start this at any time.
    """
    log_to_standard_error()
    settings = Settings()
    broker = _broker(settings)
    if put_back:
        typer.echo(f"{_put_back(settings, broker)} messages were put back")
        return
    _serve(settings, broker, host, port, events=events)
    _log.info("stopped")


def submit(
    recipe: Annotated[str, typer.Argument(help="What to do: a recipe of Murfey, or a step, as motion_correction.")],
    settings: Annotated[
        list[str] | None, typer.Argument(help="Its parameters, as KEY=VALUE; values as in JSON.")
    ] = None,
    broker: Annotated[
        bool | None,
        typer.Option("--broker/--ledger", help="By way of Murfey's queue, or at once (default: as set up)."),
    ] = None,
) -> None:
    """Ask for something as Murfey does."""
    site = Settings()
    body = _message(recipe, parameters_of(settings or []))
    if broker or (broker is None and site.broker):
        _publish(site, body)
        typer.echo(f"{recipe} is in the queue {site.murfey_queue}")
    else:
        typer.echo(_write(site, body))


def parameters_of(settings: Sequence[str]) -> dict[str, JsonValue]:
    """Read KEY=VALUE; a value that is no JSON is text."""
    found: dict[str, JsonValue] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise InputError("submit", setting, "KEY=VALUE, such as pixel_size=1.35")
        found[key] = _value(value)
    return found


def _value(text: str) -> JsonValue:
    try:
        # JSON knows no NaN, even if Python's does.
        value: JsonValue = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return value


def _broker(settings: Settings) -> SecretStr:
    if settings.broker is None:
        raise InputError("CRYOEM_FLOWS_BROKER", "not set", str(Settings.model_fields["broker"].description))
    return settings.broker


def _serve(settings: Settings, broker: SecretStr, host: str, port: int, *, events: bool) -> None:
    """Serve Murfey until told to stop."""
    # Importing Prefect and the steps takes seconds that --help need not wait for.
    from flows.murfey.gateway_health import Health  # noqa: PLC0415
    from flows.murfey.gateway_metrics import Metrics  # noqa: PLC0415
    from flows.murfey.gateway_page import pages  # noqa: PLC0415
    from flows.murfey.gateway_service import serve  # noqa: PLC0415

    stop, health = until_told(), Health()
    metrics = Metrics(health)
    with pages(host, port, health, metrics.registry) as served:
        _log.info("http://%s:%d/health says whether all is well", host, served)
        ledger = _opened(settings, health, stop)
        if ledger is None:
            return
        try:
            serve(settings, broker, ledger, hook(ledger) if events else None, health, metrics, stop)
        finally:
            ledger.close()


def _opened(settings: Settings, health: "Health", stop: Event) -> Ledger | None:
    """Open the ledger, however long that takes; None if told to stop before."""
    while not stop.is_set():
        try:
            return open_ledger(settings.ledger.get_secret_value(), patience=_PATIENCE)
        except LedgerError as reason:
            _log.warning("%s; trying again", reason)
            health.lost("ledger", str(reason))
        stop.wait(_RETRY)
    return None


def _put_back(settings: Settings, url: SecretStr) -> int:
    from tasks.broker import Broker, put_back  # noqa: PLC0415 - only who uses a broker needs its client

    with Broker(url) as broker:
        return put_back(broker, settings.parked_queue, settings.murfey_queue)


def _message(recipe: str, parameters: Mapping[str, JsonValue]) -> bytes:
    """Return the message that asks for it; refuse what cannot be done before anybody is asked to do it."""
    from flows.murfey.asked import parsed  # noqa: PLC0415 - as above
    from tasks.murfey import message_for  # noqa: PLC0415 - as above

    body = json.dumps(message_for(recipe, parameters)).encode()
    if parsed(body).request is None:
        raise InputError("recipe", recipe, "one of ours, as em-spa-preprocess, or a step, as motion_correction")
    return body


def _publish(settings: Settings, body: bytes) -> None:
    from tasks.broker import Broker, new_properties  # noqa: PLC0415 - as above

    with Broker(_broker(settings)) as broker:
        broker.publish(settings.murfey_queue, body, new_properties())


def _write(settings: Settings, body: bytes) -> str:
    """Write to the ledger what is asked for; say what is to be done."""
    from flows.murfey.dispatch import receive  # noqa: PLC0415 - as above

    ledger = open_ledger(settings.ledger.get_secret_value())
    try:
        arrivals = receive(ledger, body, redelivered=False).arrivals
        announce = hook(ledger) if arrivals else None
        if announce:
            announce(arrivals)
    finally:
        ledger.close()
    if not arrivals:
        return "that is done or under way already"
    return "\n".join(f"{arrival.kind} {arrival.key} of session {arrival.session} waits" for arrival in arrivals)
