from tasks.broker import Backoff


def test_waits_double_up_to_the_longest():
    backoff = Backoff(first=1, longest=10)
    waits = [backoff.wait() for _ in range(6)]
    for wait, full in zip(waits, [1, 2, 4, 8, 10, 10], strict=True):
        assert full / 2 <= wait <= full


def test_waits_begin_anew_after_a_success():
    backoff = Backoff(first=1, longest=10)
    for _ in range(4):
        backoff.wait()
    backoff.reset()
    assert backoff.wait() <= 1


def test_two_who_wait_do_not_come_back_at_once():
    assert len({Backoff().wait() for _ in range(20)}) > 1
