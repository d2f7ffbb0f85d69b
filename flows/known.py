"""What the ledger knows of the tilts of a series: the steps that were done while its movies arrived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tasks.ledger import Result
from tasks.models import Model
from tasks.reuse import Place, is_whole

Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Known:
    """Results of steps by tilt and step."""

    results: Mapping[str, Mapping[str, Result]] = field(default_factory=dict)

    def recall(self, tilt: str, place: Place[Found]) -> Found | None:
        """Return what a step found of a tilt from the same inputs, if its files are there."""
        result = self.results.get(tilt, {}).get(place.record.parent.name)
        if result is None or result.digest != place.digest:
            return None
        found = place.kind.model_validate(result.result)
        return found if is_whole(found) else None
