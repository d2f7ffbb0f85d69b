"""Batches of particles: they fill up as micrographs are done, and keep their micrographs once they are full."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, takewhile

from pydantic import JsonValue

from flows.spa_sessions import SpaSession
from tasks.essence import digest_of
from tasks.ledger import Standing

Payload = dict[str, JsonValue]
_STEP = "particle_extraction"


def micrographs(payload: Mapping[str, JsonValue]) -> list[str]:
    """Return the micrographs of a batch."""
    names = payload.get("micrographs")
    return [str(name) for name in names] if isinstance(names, list) else []


def particles_in(micrograph: Standing) -> int:
    """Return the number of particles of a micrograph."""
    return micrograph.counts.get(_STEP, 0)


@dataclass(frozen=True)
class Batches:
    """The micrographs of a session, the batches that there are, and the rules for them."""

    micrographs: Mapping[str, Standing]
    there: Mapping[int, Standing]
    """The batches by their numbers, from 1."""
    rules: SpaSession

    def wanted(self, *, ended: bool) -> dict[int, Payload]:
        """Return what the batches should be.

        What fills up is classified whenever enough has come, if it is the first, and at the end of the session. A batch
        whose micrographs are being done again is left alone until they are; what is no longer needed becomes empty.
        """
        wanted = dict(self._full())
        taken = {name for payload in wanted.values() for name in micrographs(payload)}
        rest = sorted((each for each in self.micrographs.values() if self._is_new(each, taken)), key=_in_time)
        while number_of_full := self._filling(rest):
            wanted[len(wanted) + 1] = self._payload(rest[:number_of_full])
            del rest[:number_of_full]
        if last := self._last(len(wanted) + 1, rest, ended=ended):
            wanted[len(wanted) + 1] = last
        return {number: self._payload([]) for number in self.there} | wanted

    def _full(self) -> Iterator[tuple[int, Payload]]:
        """Yield the batches that were filled before, up to the first that is to be formed anew."""
        for number in count(1):
            batch = self.there.get(number)
            if not batch or not batch.payload["complete"] or not self._is_sound(batch):
                return
            yield number, self._again(batch)

    def _last(self, number: int, rest: Sequence[Standing], *, ended: bool) -> Payload | None:
        """Return the batch that is not full; it never becomes smaller."""
        batch, offered = self.there.get(number), rest if ended else self._enough(rest) if number == 1 else ()
        if batch and not batch.payload["complete"] and self._is_sound(batch):
            again = self._again(batch)
            if len(micrographs(again)) >= len(offered):
                return again
        return self._payload(offered, complete=False) if offered else None

    def _is_sound(self, batch: Standing) -> bool:
        """Tell whether a batch was formed by the same rules, of micrographs that still count."""
        members = [self.micrographs.get(name) for name in micrographs(batch.payload)]
        stay = all(each and each.state != "quarantined" for each in members)
        return bool(members) and stay and batch.payload["size"] == self.rules.batch_size

    def _again(self, batch: Standing) -> Payload:
        """Return what a batch is now: as it was, as long as some of its micrographs are being done again."""
        members = [self.micrographs[name] for name in micrographs(batch.payload)]
        if any(each.state != "done" for each in members):
            return batch.payload
        filled = [each for each in members if particles_in(each)]
        return self._payload(filled, complete=bool(batch.payload["complete"]))

    def _enough(self, rest: Sequence[Standing]) -> Sequence[Standing]:
        """Return the micrographs that reach the last of the numbers at which an incomplete batch is classified."""
        step = self.rules.incomplete_batch_size
        goal = sum(map(particles_in, rest)) // step * step
        return rest[: _reaching(rest, goal)] if goal else ()

    def _filling(self, rest: Sequence[Standing]) -> int:
        """Return how many micrographs fill a batch; zero if they do not."""
        enough = sum(map(particles_in, rest)) >= self.rules.batch_size
        return _reaching(rest, self.rules.batch_size) if enough else 0

    def _is_new(self, micrograph: Standing, taken: set[str]) -> bool:
        return micrograph.state == "done" and particles_in(micrograph) > 0 and micrograph.key not in taken

    def _payload(self, members: Sequence[Standing], *, complete: bool = True) -> Payload:
        """Return what tells a batch from one of other particles."""
        return {
            "micrographs": [each.key for each in members],
            "particles": sum(map(particles_in, members)),
            "complete": complete,
            "size": self.rules.batch_size,
            "of": digest_of({each.key: each.digests[_STEP] for each in members}),
        }


def _reaching(members: Sequence[Standing], goal: int) -> int:
    """Return how many of the first members together reach a number of particles."""
    short = takewhile(lambda total: total < goal, accumulate(map(particles_in, members)))
    return sum(1 for _ in short) + 1


def _in_time(micrograph: Standing) -> tuple[float, str]:
    return micrograph.finished or 0.0, micrograph.key
