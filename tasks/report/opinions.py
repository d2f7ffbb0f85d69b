"""What the items of a session agree on, which of them deviate, and where a second tool was asked."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from tasks.ledger import Ledger, Result, found, frozen
from tasks.models import Deviations, Estimate
from tasks.report.facts import Attention, DeviationFacts, OpinionFacts

_OPINIONS = {
    f"second_opinion_of_{step}": step for step in ("motion_correction", "ctf_estimation", "tilt_series_alignment")
}
_COMPARED = "session_consensus"


class _Answer(BaseModel):
    """What is told of the answer of a tool."""

    tool: str
    agreement: float | None
    failure: str
    digest: str


class _Opinion(BaseModel):
    """What is told of an opinion."""

    why: str
    measure: str
    first: _Answer
    second: _Answer
    won: str


def estimates_of(ledger: Ledger, session: str) -> tuple[Estimate, ...]:
    """Return what is settled of a session."""
    return tuple(frozen(ledger, session).values())


def opinion_facts(ledger: Ledger, session: str) -> tuple[OpinionFacts, ...]:
    """Tell where a second tool was asked, if the result that won is still that of its item."""
    return tuple(fact for step, of in _OPINIONS.items() for fact in _told(ledger, session, step, of))


def deviation_facts(ledger: Ledger, session: str) -> tuple[DeviationFacts, ...]:
    """Tell which items are not as their session."""
    return tuple(
        DeviationFacts(
            name=Path(key).stem or key, key=key, **deviation.model_dump(exclude={"name"}), what=deviation.name
        )
        for key, result in found(ledger, session, _COMPARED)
        for deviation in Deviations.model_validate(result.result).deviations
    )


def disagreements(estimates: Sequence[Estimate], deviations: Sequence[DeviationFacts]) -> Iterator[Attention]:
    """Say where the images say something else than the parameters, and which items deviate."""
    for estimate in estimates:
        if estimate.agrees is False:
            what, unit = estimate.name.replace("_", " "), f" {estimate.unit}" if estimate.unit else ""
            words = (
                f"The {what} is {estimate.value}{unit} according to the images ({estimate.confidence:.0%} sure), but "
                f"{estimate.expected}{unit} according to the parameters"
            )
            yield Attention(words=words, part="consensus")
    for one in deviations:
        unit = f" {one.unit}" if one.unit else ""
        words = f"{one.name} deviates from its session: {one.what.replace('_', ' ')} {one.value}{unit}, expected "
        yield Attention(words=f"{words}{one.expected}{unit}", part="consensus")


def _told(ledger: Ledger, session: str, step: str, of: str) -> Iterator[OpinionFacts]:
    opinions = found(ledger, session, step)
    used = dict(found(ledger, session, of)) if opinions else {}
    for key, result in opinions:
        opinion = _Opinion.model_validate(result.result)
        winner = opinion.first if opinion.won == "first" else opinion.second
        if _is_used(used, key, winner):
            yield OpinionFacts(
                name=Path(key).stem or key,
                key=key,
                step=of,
                why=opinion.why,
                measure=opinion.measure,
                first=opinion.first.tool,
                first_agreement=opinion.first.agreement,
                second=opinion.second.tool,
                second_agreement=opinion.second.agreement,
                failure=opinion.first.failure or opinion.second.failure,
                won=opinion.won,
            )


def _is_used(used: Mapping[str, Result], key: str, winner: _Answer) -> bool:
    """Tell whether a result is still that of its item: it may have been done with other parameters since."""
    return key in used and used[key].digest == winner.digest
