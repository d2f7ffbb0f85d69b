import json
import re

from tasks.ledger import Result, finish, freeze
from tasks.models import Answer, Deviation, Deviations, Estimate, Model, Opinion
from tasks.report.opinions import disagreements, opinion_facts
from tasks.report.session import write_session_report


class Guess(Model):
    value: float


def report(grid) -> tuple[str, dict]:
    """Return the words of the page, and the facts."""
    path = write_session_report(grid.ledger, grid.session.name)
    words = re.sub(r"<[^>]*>", " ", path.read_text()).replace("\u202f", " ")
    return " ".join(words.split()), json.loads((path.parent / "session.json").read_text())


def opinion(won: str, **second: object) -> Opinion[Guess]:
    first = Answer[Guess](tool="embedded", found=Guess(value=1), agreement=3.0, digest="first")
    other = Answer[Guess](tool="ctffind4", found=Guess(value=2), agreement=9.0, digest="second")
    return Opinion[Guess](
        why="rings to 20 A only", measure="rings", first=first, second=other.model_copy(update=second), won=won
    )


def told(grid, key: str, value: Opinion[Guess], used: str) -> None:
    """An item whose CTF was asked twice, of which the result of a digest is used."""
    lease = grid.take("tilt_movie", key)
    ctf = Result(step="ctf_estimation", digest=used, result={"value": 2.0}, tool="test")
    asked = Result(step="second_opinion_of_ctf_estimation", digest="o", result=value.model_dump(mode="json"), tool="")
    finish(grid.ledger, lease, [ctf, asked])


def test_the_page_says_where_a_second_tool_was_asked_and_who_won(grid):
    told(grid, "/data/one.tif", opinion("second"), used="second")
    page, facts = report(grid)
    assert "rings to 20 A only" in page
    assert "embedded: 3.00 ctffind4: 9.00 ctffind4" in page
    (fact,) = facts["opinions"]
    assert (fact["name"], fact["step"], fact["won"]) == ("one", "ctf_estimation", "second")


def test_an_opinion_on_a_result_that_is_not_used_any_more_is_not_told(grid):
    told(grid, "/data/one.tif", opinion("second"), used="of other parameters")
    assert opinion_facts(grid.ledger, grid.session.name) == ()


def test_what_the_images_say_against_the_parameters_needs_attention(grid):
    wrong = Estimate(
        name="gain",
        value="rotation 1, flip none",
        confidence=0.97,
        items=3,
        evidence="correlation",
        expected="rotation 0, flip none",
        agrees=False,
    )
    silent = Estimate(name="dose", value=None, confidence=0, items=3, evidence="the frames do not count electrons")
    for estimate in (wrong, silent):
        freeze(grid.ledger, grid.session.name, estimate)
    odd = Deviations(deviations=(Deviation(name="tilt_axis", value=80.0, expected=85.0, unit="degree"),))
    lease = grid.take("tilt_series", "/data/ts_9.mdoc")
    compared = Result(step="session_consensus", digest="d", result=json.loads(odd.model_dump_json()), tool="")
    finish(grid.ledger, lease, [compared])

    page, facts = report(grid)
    words = [line["words"] for line in facts["attention"]]
    assert "The gain is rotation 1, flip none according to the images (97% sure), but rotation 0" in words[0]
    assert "ts_9 deviates from its session: tilt axis 80.0 degree, expected 85.0 degree" in words[1]
    assert "cannot be told" in page
    assert not list(disagreements([silent], []))
