"""Estimate the contrast transfer function of micrographs and tilt images."""

from pathlib import Path
from typing import Annotated

from tasks.ctf_estimation.agreement import agreement, ring_strength
from tasks.ctf_estimation.ctffind4 import Ctffind4
from tasks.ctf_estimation.ctffind5 import Ctffind5
from tasks.ctf_estimation.embedded import EmbeddedCtf
from tasks.ctf_estimation.gradient import Gradient, defocus_gradient
from tasks.ctf_estimation.naming import name_of
from tasks.ctf_estimation.relion import RelionCtf
from tasks.models import Ctf, Micrograph, Optics, TiltGeometry, one_of
from tasks.reuse import Place
from tasks.step import once, step

CtfEstimator = Annotated[EmbeddedCtf | Ctffind4 | Ctffind5 | RelionCtf, one_of("tool")]


def place_of_ctf(
    micrograph: Micrograph,
    optics: Optics,
    estimator: CtfEstimator,
    folder: Path,
    tilt: TiltGeometry | None = None,
) -> Place[Ctf]:
    """Say where the CTF of an image is recorded, and what it depends on."""
    inputs = {"micrograph": micrograph, "optics": optics, "estimator": estimator, "tilt": tilt}
    return Place(folder / f"{name_of(micrograph)}_ctf.json", Ctf, inputs)


@step(task_run_name="CTF of {micrograph.path.stem} {micrograph.section}", timeout_seconds=3600)
def estimate_ctf(
    micrograph: Micrograph,
    optics: Optics,
    estimator: CtfEstimator,
    folder: Path,
    tilt: TiltGeometry | None = None,
) -> Ctf:
    """Estimate the contrast transfer function of one image, unless it is done already."""
    place = place_of_ctf(micrograph, optics, estimator, folder, tilt)
    return once(place, lambda: estimator.estimate(micrograph, optics, folder, tilt))


__all__ = [
    "CtfEstimator",
    "Ctffind4",
    "Ctffind5",
    "EmbeddedCtf",
    "Gradient",
    "RelionCtf",
    "agreement",
    "defocus_gradient",
    "estimate_ctf",
    "place_of_ctf",
    "ring_strength",
]
