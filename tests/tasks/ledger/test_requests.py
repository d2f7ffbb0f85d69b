import itertools
import threading
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tasks.errors import InputError
from tasks.ledger import (
    Arrival,
    Asked,
    Claimer,
    Failure,
    Ledger,
    Message,
    Session,
    all_sessions,
    ask,
    claim,
    fail,
    find_session,
    finish,
    open_ledger,
    posted,
    requests_for,
    requests_of,
    status,
    take,
)

NEW = Session(
    name="cm1-1-raw7",
    kind="spa",
    folder=Path("/data/cm1-1/processed/raw7"),
    parameters={"acquisition": {"voltage": 300}},
)
RECIPE = "em-spa-preprocess"


def asked(movie: str = "a", body: str = "{}", recipe: str = RECIPE) -> Asked:
    return Asked(session=NEW.name, recipe=recipe, key=movie, kind="movie", item=movie, body=body)


def arrival(movie: str = "a", dose: int = 1) -> Arrival:
    return Arrival(session=NEW.name, kind="movie", key=movie, payload={"dose": dose})


def told(new: Sequence[Asked]) -> list[Message]:
    return [Message(target="answers", key=f"{each.item} {each.sequence}") for each in new]


def snapshot(ledger: Ledger) -> tuple:
    """All that a request may change, but for how often it was received."""
    requests = [(each.key, each.sequence, each.body, each.item) for each in requests_for(ledger, NEW.name, RECIPE)]
    worker = Claimer(owner="worker", kinds=("movie",), lease=60, order="oldest")
    return (
        all_sessions(ledger),
        requests,
        posted(ledger, "answers"),
        sorted((lease.key, str(lease.payload), lease.attempt) for lease in claim(ledger, worker, 100)),
    )


def test_session_request_item_and_message_are_written_together(ledger: Ledger, worker: Claimer) -> None:
    assert ask(ledger, NEW, [asked()], [arrival()], told) == [arrival()]
    assert find_session(ledger, NEW.name) == NEW
    [request] = requests_for(ledger, NEW.name, RECIPE)
    assert request.model_copy(update={"received": 0.0}) == asked()
    assert request.received > 0
    assert [lease.payload for lease in claim(ledger, worker)] == [{"dose": 1}]
    assert [delivery.key for delivery in take(ledger, "answers")] == ["a 1"]


def test_nothing_is_written_if_one_of_them_cannot_be(ledger: Ledger) -> None:

    def wrong(_new: Sequence[Asked]) -> list[Message]:
        raise InputError("message", "wrong", "right")

    with pytest.raises(InputError, match="wrong"):
        ask(ledger, NEW, [asked()], [arrival()], wrong)
    with pytest.raises(InputError, match="never"):
        ask(ledger, NEW, [asked()], [arrival().model_copy(update={"session": "never"})], told)
    assert [session.name for session in all_sessions(ledger)] == ["grid"]
    assert requests_for(ledger, NEW.name, RECIPE) == []
    assert posted(ledger, "answers") == {}


def test_a_session_of_another_folder_is_refused(ledger: Ledger) -> None:
    ask(ledger, NEW, [asked()])
    with pytest.raises(InputError, match="as it was opened"):
        ask(ledger, NEW.model_copy(update={"folder": Path("/other")}), [asked("b")])


def test_a_request_that_comes_again_is_counted_and_changes_nothing_else(ledger: Ledger) -> None:
    for redelivered in (False, True, False):
        ask(ledger, NEW, [asked()], [arrival()], told, redelivered=redelivered)
    [request] = requests_for(ledger, NEW.name, RECIPE)
    assert (request.sequence, request.times) == (1, 3)
    assert posted(ledger, "answers") == {"pending": 1}


def test_an_old_request_that_comes_again_does_not_undo_a_newer_one(ledger: Ledger, worker: Claimer) -> None:
    ask(ledger, NEW, [asked(body="1")], [arrival(dose=1)])
    ask(ledger, NEW, [asked(body="2")], [arrival(dose=2)])
    assert ask(ledger, NEW, [asked(body="1")], [arrival(dose=1)], redelivered=True) == []
    assert [lease.payload for lease in claim(ledger, worker)] == [{"dose": 2}]
    assert [(each.sequence, each.times) for each in requests_for(ledger, NEW.name, RECIPE)] == [(1, 2), (2, 1)]


@pytest.mark.parametrize("end", ["done", "given up"])
def test_what_was_answered_is_asked_for_anew_unless_the_broker_repeats_itself(
    ledger: Ledger, worker: Claimer, end: str
) -> None:
    ask(ledger, NEW, [asked()], [arrival()], told)
    [lease] = claim(ledger, worker)
    if end == "done":
        finish(ledger, lease)
    else:
        fail(ledger, lease, Failure(kind="bad-data", reason="black"))
    ask(ledger, NEW, [asked()], [arrival()], told, redelivered=True)
    assert [each.sequence for each in requests_for(ledger, NEW.name, RECIPE)] == [1]
    assert ask(ledger, NEW, [asked()], [arrival()], told) == []
    assert [each.sequence for each in requests_for(ledger, NEW.name, RECIPE)] == [1, 2]
    assert {delivery.key for delivery in take(ledger, "answers")} == {"a 1", "a 2"}
    assert claim(ledger, worker) == []


def test_the_words_of_a_request_stay_as_they_are(ledger: Ledger) -> None:
    body = '{"class_uuids": {"10": 1, "9": 2},  "path": "/data/M\u00fcller/\\u00e9 \'%_"}\n'
    ask(ledger, NEW, [asked(body=body)])
    assert [each.body for each in requests_for(ledger, NEW.name, RECIPE)] == [body]


def test_requests_are_found_by_item_by_recipe_and_by_their_words(ledger: Ledger) -> None:
    ask(ledger, NEW, [asked("a", "first_1"), asked("b", "second%1"), asked("b", "firstX1")])
    ask(ledger, NEW, [asked("a", "third", recipe="em-spa-extract")])
    found = requests_of(ledger, NEW.name, "movie", ["a", "b", "c"])
    assert {key: [each.body for each in these] for key, these in found.items()} == {
        "a": ["first_1", "third"],
        "b": ["second%1", "firstX1"],
    }
    assert requests_of(ledger, NEW.name, "extraction", ["a"]) == {}
    assert requests_of(ledger, "other", "movie", ["a"]) == {}
    assert [each.key for each in requests_for(ledger, NEW.name, RECIPE)] == ["a", "b", "b"]
    for words, bodies in {"first_1": ["first_1"], "%": ["second%1"], "nd": ["second%1"]}.items():
        assert [each.body for each in requests_for(ledger, NEW.name, RECIPE, words)] == bodies
    assert [each.body for each in requests_for(ledger, NEW.name, RECIPE, keyed="b")] == ["second%1", "firstX1"]
    assert [each.body for each in requests_for(ledger, NEW.name, RECIPE, "X", "b")] == ["firstX1"]


def test_the_first_parameters_stay_and_identifiers_are_added(ledger: Ledger) -> None:
    first = NEW.model_copy(update={"identifiers": {"murfey": {"visit": "cm1-1", "queue": None}}})
    later = {"murfey": {"visit": "other", "queue": "answers"}, "ispyb": {"dcid": 3}}
    ask(ledger, first, [asked("a")])
    ask(ledger, NEW.model_copy(update={"identifiers": later, "parameters": {}}), [asked("b")])
    found = find_session(ledger, NEW.name)
    assert found.parameters == NEW.parameters
    assert found.identifiers == {"murfey": {"visit": "cm1-1", "queue": "answers"}, "ispyb": {"dcid": 3}}


@pytest.mark.parametrize("seed", range(8))
def test_however_often_and_in_whatever_order_requests_come_they_change_the_same(ledger: Ledger, seed: int) -> None:
    random = Random(seed)
    stream = [(name, body) for name, body in itertools.product("abc", "12")]
    repeated = [*stream, *random.choices(stream, k=12)]
    random.shuffle(repeated)
    met: dict[str, list[str]] = {}
    for number, (name, body) in enumerate(repeated):
        dead = Crash(ledger.engine, ledger.patience)
        if random.random() < 0.3:
            with pytest.raises(KeyboardInterrupt):
                ask(dead, NEW, [asked(name, body)], [arrival(name, int(body))], told)
        is_new = body not in met.setdefault(name, [])
        news = ask(ledger, NEW, [asked(name, body)], [arrival(name, int(body))], told, redelivered=number % 2 == 0)
        assert bool(news) is is_new
        met[name] += [body] if is_new else []
    sessions, requests, messages, items = snapshot(ledger)
    assert NEW in sessions
    assert {name: [each[2] for each in requests if each[0] == name] for name in met} == met
    assert [each[1] for each in requests if each[0] == "a"] == [1, 2]
    assert messages == {"pending": 6}
    assert [(key, payload) for key, payload, _ in items] == [
        (name, str({"dose": int(met[name][-1])})) for name in "abc"
    ]


class Crash(Ledger):
    """A ledger whose process dies at the end of each transaction, before it is committed."""

    def write(self, work):

        def die(connection):
            work(connection)
            raise KeyboardInterrupt

        return super().write(die)


def test_many_may_ask_at_once(url: str, ledger: Ledger) -> None:
    errors: list[Exception] = []

    def send(body: str) -> None:
        mine = open_ledger(url)
        try:
            for _ in range(3):
                ask(mine, NEW, [asked("a", body)], [arrival("a", int(body))], told)
        except Exception as error:
            errors.append(error)
            raise
        finally:
            mine.close()

    senders = [threading.Thread(target=send, args=(str(number),)) for number in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert errors == []
    found = requests_for(ledger, NEW.name, RECIPE)
    assert sorted(each.sequence for each in found) == [1, 2, 3, 4]
    assert [each.times for each in found] == [3, 3, 3, 3]
    assert [kind.waiting for kind in status(ledger, NEW.name).kinds] == [1]
