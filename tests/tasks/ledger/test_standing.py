from collections.abc import Sequence

from tasks.ledger import Arrival, Claimer, Ledger, Result, Standings, arrive, claim, finish, follow_up, stamp, waiting

SESSION = "grid"
PICKS = Result(step="picks", digest="abc", result={"count": 12, "diameter": 150.0}, tool="embedded")
CLASSES = Result(step="classes", digest="def", result={"particles": {"count": 7}}, tool="relion")
FIT = Result(step="fit", digest="ghi", result={"particles": 3.5, "slope": 1}, tool="embedded")


def nothing(_items: Standings) -> Sequence[Arrival]:
    return ()


def test_what_follows_is_decided_by_how_items_stand(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [Arrival(session=SESSION, kind="movie", key=key, payload={"path": key}) for key in "ab"])
    (lease,) = claim(ledger, worker.model_copy(update={"keys": ("a",), "session": SESSION}))
    finish(ledger, lease, [PICKS, CLASSES, FIT])
    seen: list[Standings] = []

    def batch(items: Standings) -> list[Arrival]:
        seen.append(items)
        return [Arrival(session=SESSION, kind="batch", key="1", payload={"of": ["a"]})]

    (news,) = follow_up(ledger, SESSION, batch)
    assert (news.kind, news.payload) == ("batch", {"of": ["a"]})
    done, left = seen[0]["movie"]
    assert (done.key, done.state, done.payload) == ("a", "done", {"path": "a"})
    assert done.finished is not None
    assert done.digests == {"picks": "abc", "classes": "def", "fit": "ghi"}
    assert done.counts == {"picks": 12, "classes": 7}
    assert (left.key, left.state, left.finished, left.digests) == ("b", "waiting", None, {})
    assert follow_up(ledger, SESSION, batch) == []
    assert {found.kind: found.items for found in waiting(ledger)} == {"movie": 1, "batch": 1}


def test_a_session_of_nothing_has_nothing_to_follow(ledger: Ledger) -> None:
    assert follow_up(ledger, SESSION, nothing) == []
    assert stamp(ledger, SESSION) == ()


def test_the_stamp_is_another_when_an_item_stands_otherwise(ledger: Ledger, worker: Claimer) -> None:
    arrive(ledger, [Arrival(session=SESSION, kind="movie", key="a")])
    stamps = [stamp(ledger, SESSION), stamp(ledger, SESSION)]
    (lease,) = claim(ledger, worker)
    stamps.append(stamp(ledger, SESSION))
    finish(ledger, lease, [PICKS])
    stamps.append(stamp(ledger, SESSION))
    assert stamps[0] == stamps[1]
    assert len(set(stamps)) == 3
