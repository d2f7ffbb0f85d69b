"""Plain messages that name one step with its parameters, in the words of the services of cryoem-services.

A step is named as here or by the queue of its service; its parameters have the names that the service gives them, and
those that nobody here needs (``relion_options``, settings of a program) are left out. Such a step is the same work as
one that a recipe asks for: what follows from it follows here too. A micrograph that is already corrected counts as a
movie of one frame.
"""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from pydantic import ValidationError

from tasks.errors import InputError
from tasks.models import Model
from tasks.murfey.alignment import TomoAlign
from tasks.murfey.averages import SpaBFactor, SpaClass2D, SpaClass3D, SpaRefine
from tasks.murfey.extraction import SpaExtract
from tasks.murfey.preprocessing import SpaPreprocess, TomoPreprocess
from tasks.murfey.recipes import MurfeyRequest
from tasks.murfey.refusals import refusal, shown

_KINDS: Mapping[str, type[MurfeyRequest]] = {"spa": SpaPreprocess, "tomography": TomoPreprocess}
_OPTICS = {"voltage": "kv"}


class _Step(NamedTuple):
    """What a step is asked for with."""

    queue: str
    """Queue of the service."""
    request: type[MurfeyRequest] | None
    """The request that means the same; none if the kind of experiment decides."""
    renamed: Mapping[str, str]
    """Our names of parameters by those of the service."""
    corrected: bool = False
    """Whether it begins with a micrograph, not with a movie."""


_STEPS = {
    "motion_correction": _Step(
        "motioncorr", None, {"dose_per_frame": "fm_dose", "motion_corr_binning": "ft_bin", **_OPTICS}
    ),
    "ctf_estimation": _Step(
        "ctffind", None, {"input_image": "movie", "output_image": "mrc_out", **_OPTICS}, corrected=True
    ),
    "particle_picking": _Step(
        "cryolo", SpaPreprocess, {"input_path": "movie", "output_path": "mrc_out"}, corrected=True
    ),
    "particle_extraction": _Step("extract", SpaExtract, _OPTICS),
    "classification_2d": _Step(
        "class2d", SpaClass2D, {"class2d_nr_iter": "nr_iter", "class2d_nr_classes": "nr_classes"}
    ),
    "classification_3d": _Step(
        "class3d", SpaClass3D, {"class3d_nr_iter": "nr_iter", "class3d_nr_classes": "nr_classes"}
    ),
    "refinement": _Step(
        "extract_class", SpaRefine, {"refine_class_nr": "class_number", "original_pixel_size": "pixel_size"}
    ),
    "b_factor": _Step("bfactor", SpaBFactor, {"rescaled_class_reference": "class_reference"}),
    "tilt_series_alignment": _Step("tomo_align", TomoAlign, {}),
}
_NAMES = (
    {step.queue: name for name, step in _STEPS.items()}
    | {name: name for name in _STEPS}
    | {"topaz": "particle_picking"}
)


def is_step(name: str) -> bool:
    """Tell whether something is the name of a step, or of the queue of its service."""
    return name in _NAMES


class StepRequest(Model):
    """One step and its parameters."""

    step: str
    """Name of the step, or of the queue of its service."""
    parameters: dict[str, Any]
    """Its parameters, as the service calls them."""

    def asked(self) -> MurfeyRequest:
        """Return the request of a recipe that means the same."""
        if self.step not in _NAMES:
            raise InputError("message: step", shown(self.step), f"one of {', '.join(_STEPS)}")
        step = _STEPS[_NAMES[self.step]]
        wanted = step.request or self._by_experiment()
        try:
            return wanted.model_validate(self._translated(step))
        except ValidationError as error:
            theirs = {ours: theirs for theirs, ours in step.renamed.items() if ours not in self.parameters}
            raise refusal(self.step, wanted, error, theirs) from error

    def _by_experiment(self) -> type[MurfeyRequest]:
        kind = self.parameters.get("experiment_type")
        if not isinstance(kind, str) or kind not in _KINDS:
            found = shown(kind) if "experiment_type" in self.parameters else "missing"
            raise InputError(f"{self.step}: experiment_type", found, " or ".join(_KINDS))
        return _KINDS[kind]

    def _translated(self, step: _Step) -> dict[str, Any]:
        translated = {step.renamed.get(key, key): value for key, value in self.parameters.items()}
        return translated | _as_movie(translated) if step.corrected else translated


def _as_movie(micrograph: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for a micrograph as a movie of one frame: no gain or dose is left in it to be corrected."""
    place = PurePath(str(micrograph.get("mrc_out", "")))
    named = {"mrc_out": str(place.with_suffix(".mrc"))} if place.name else {}
    return {"fm_dose": 0, "gain_ref": None, "ft_bin": 1, **named}
