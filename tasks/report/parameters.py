"""How a session is processed, as far as somebody has chosen it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from tasks.ctf_estimation import CtfEstimator
from tasks.denoising import Denoiser
from tasks.models import Acquisition, Model
from tasks.motion_correction import MotionCorrector
from tasks.segmentation import Segmenter
from tasks.tilt_series_alignment import TiltSeriesAligner
from tasks.tomogram_reconstruction import TomogramReconstructor

_KINDS: dict[str, Any] = {
    "acquisition": Acquisition,
    "aligner": TiltSeriesAligner,
    "ctf_estimator": CtfEstimator,
    "denoiser": Denoiser,
    "motion_corrector": MotionCorrector,
    "reconstructor": TomogramReconstructor,
    "segmenter": Segmenter,
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
    kind = _kind(name)
    if kind is None:
        return value
    # Of several tools it is the embedded one unless another is named.
    is_choice = not (isinstance(kind, type) and issubclass(kind, Model))
    adapter = TypeAdapter[Any](kind)
    try:
        given = adapter.validate_python({"tool": "embedded", **value} if is_choice else value)
    except ValidationError:
        return value
    different: dict[str, JsonValue] = adapter.dump_python(given, mode="json", exclude_defaults=True)
    return ({"tool": value["tool"]} if "tool" in value else {}) | different


def _kind(name: str) -> Any:  # noqa: ANN401 - a model, or a choice of models
    if name in _KINDS:
        return _KINDS[name]
    # They take seconds to load, for which a session of tomography need not wait.
    from tasks.report.particle_tools import PARTICLE_TOOLS  # noqa: PLC0415

    return PARTICLE_TOOLS.get(name)
