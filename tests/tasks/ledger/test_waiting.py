from tasks.ledger import Arrival, Claimer, Session, Waiting, arrive, claim, keys_like, open_session, waiting


def test_what_waits_is_counted_by_session_and_kind(ledger, tmp_path):
    for name in ("a", "b"):
        open_session(ledger, Session(name=name, kind="tomography", folder=tmp_path))
        arrive(ledger, [Arrival(session=name, kind="tilt_series", key=str(key), payload={}) for key in range(2)])
    claim(ledger, Claimer(owner="me", kinds=("tilt_series",), session="a"), 2)
    assert waiting(ledger) == [Waiting(session="b", kind="tilt_series", items=2)]


def test_keys_are_found_by_how_they_begin(ledger, tmp_path):
    open_session(ledger, Session(name="a", kind="tomography", folder=tmp_path))
    keys = ["/raw/TS_1", "/raw/TS_1_a", "/raw/TS_1\U0001f52c", "/raw/TS_10", "/raw/ts_1_b", "/raw/TSx1", "/raw/TS_2"]
    arrive(ledger, [Arrival(session="a", kind="tilt_movie", key=key) for key in keys])
    assert sorted(keys_like(ledger, "a", "tilt_movie", "/raw/TS_1")) == sorted(keys[:4])
