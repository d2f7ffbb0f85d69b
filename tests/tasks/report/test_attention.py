from tasks.ledger import Failure, Pause, fail
from tasks.report.attention import attention, lacks
from tasks.report.facts import Lack, RunningItem, SeriesFacts
from tasks.report.gathering import gather


def told(grid):
    facts = gather(grid.ledger, grid.session, grid.session.folder / "report")
    return [(note.words, note.part) for note in facts.attention]


def running(overdue: float) -> RunningItem:
    return RunningItem(kind="movie", name="m", owner="gpu1", since=0, attempt=1, overdue=overdue)


def test_nothing_needs_attention_while_all_is_well(grid):
    grid.done("movie", "a", {})
    grid.take("movie", "b")
    assert told(grid) == []


def test_items_that_nobody_works_on_are_noticed(grid, ledger):
    fail(ledger, grid.take("movie", "a"), Failure(kind="lost-worker", reason="killed"))
    assert told(grid)[0] == ("1 item could be done, but nobody is at work", "progress")


def test_items_that_wait_for_their_next_try_are_not_called_idle(grid, ledger):
    fail(ledger, grid.take("movie", "a"), Failure(kind="tool-error", reason="no GPU"))
    assert told(grid) == [("1 movie failed and will be tried again (1 tool-error)", "failed")]


def test_a_pause_is_told_with_its_reason(grid, ledger):
    fail(ledger, grid.take("movie", "a"), Failure(kind="disk-full", reason="/data is full"))
    assert told(grid)[0][0].startswith("Pool default pauses for another 2 min: disk-full: /data is full")


def test_leases_that_ran_out_are_told_after_a_grace():
    (note,) = attention([], [], [running(-5), running(30), running(300)], [], [])
    assert note.words == "1 lease of gpu1 ran out up to 5 min ago: no sign of life, and no sweep"


def test_the_most_urgent_comes_first():
    pause = Pause(pool="default", kind="no-licence", reason="all taken", remaining=90)
    notes = list(attention([], [pause], [running(300)], [], []))
    assert [note.part for note in notes] == ["progress", "running"]


def test_says_what_done_series_lack():
    lack = Lack(step="segmentation", kind="bad-data", reason="no weights")
    series = [SeriesFacts(name=name, key=name, state="done", lacking=(lack,)) for name in "ab"]
    series.append(SeriesFacts(name="c", key="c", state="done"))
    assert [one.words for one in lacks(series)] == ["No segmentation of 2 of 3 tilt series"]
