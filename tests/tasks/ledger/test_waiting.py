from tasks.ledger import Arrival, Claimer, Session, Waiting, arrive, claim, open_session, waiting


def test_what_waits_is_counted_by_session_and_kind(ledger, tmp_path):
    for name in ("a", "b"):
        open_session(ledger, Session(name=name, kind="tomography", folder=tmp_path))
        arrive(ledger, [Arrival(session=name, kind="tilt_series", key=str(key), payload={}) for key in range(2)])
    claim(ledger, Claimer(owner="me", kinds=("tilt_series",), session="a"), 2)
    assert waiting(ledger) == [Waiting(session="b", kind="tilt_series", items=2)]
