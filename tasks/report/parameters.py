"""How a session is processed, as far as somebody has chosen it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from tasks.ctf_estimation import CtfEstimator
from tasks.denoising import Denoiser
from tasks.models import Acquisition
from tasks.motion_correction import MotionCorrector
from tasks.tilt_series_alignment import TiltSeriesAligner
from tasks.tomogram_reconstruction import TomogramReconstructor

_KINDS: dict[str, TypeAdapter[Any]] = {
    "acquisition": TypeAdapter(Acquisition),
    "aligner": TypeAdapter(TiltSeriesAligner),
    "ctf_estimator": TypeAdapter(CtfEstimator),
    "denoiser": TypeAdapter(Denoiser),
    "motion_corrector": TypeAdapter(MotionCorrector),
    "reconstructor": TypeAdapter(TomogramReconstructor),
}


def chosen(parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the parameters by dotted names, without those that are what they would be anyhow."""
    return dict(_chosen("", parameters))


def _chosen(prefix: str, parameters: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from _chosen(f"{prefix}{name}.", _without_defaults(name, value))
        else:
            yield f"{prefix}{name}", value


def _without_defaults(name: str, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Leave out what is the default; parameters that are not valid are shown as they are, for somebody to see."""
    kind = _KINDS.get(name)
    if kind is None:
        return value
    try:
        different: dict[str, JsonValue] = kind.dump_python(
            kind.validate_python({"tool": "embedded", **value} if name != "acquisition" else value),
            mode="json",
            exclude_defaults=True,
        )
    except ValidationError:
        return value
    return ({"tool": value["tool"]} if "tool" in value else {}) | different
