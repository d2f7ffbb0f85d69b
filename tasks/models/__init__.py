"""The values that travel between steps, frozen.

Units: angstrom, degree, kilovolt, electron per square angstrom, second.
Images are indexed ``image[y, x]`` with y upwards: row 0 is the lowest row, as in MRC files.
"""

from tasks.models.acquisition import Acquisition, EerSampling, GainReference, Optics
from tasks.models.base import Device, Executable, Incidental, Model, Shift, Threads, one_of
from tasks.models.ctf import Ctf, TiltGeometry
from tasks.models.estimate import Deviation, Deviations, Estimate
from tasks.models.ice import IceOfParticles, IceThickness
from tasks.models.movie import Micrograph, Motion, Movie
from tasks.models.opinion import Answer, Opinion
from tasks.models.particles import Particles, ParticleSet, Picks, TomogramPicks
from tasks.models.tilt_series import (
    Alignment,
    Exclusion,
    ImagedTiltSeries,
    Tilt,
    TiltAlignment,
    TiltImage,
    TiltSeries,
)
from tasks.models.tomogram import Tomogram

__all__ = [
    "Acquisition",
    "Alignment",
    "Answer",
    "Ctf",
    "Deviation",
    "Deviations",
    "Device",
    "EerSampling",
    "Estimate",
    "Exclusion",
    "Executable",
    "GainReference",
    "IceOfParticles",
    "IceThickness",
    "ImagedTiltSeries",
    "Incidental",
    "Micrograph",
    "Model",
    "Motion",
    "Movie",
    "Opinion",
    "Optics",
    "ParticleSet",
    "Particles",
    "Picks",
    "Shift",
    "Threads",
    "Tilt",
    "TiltAlignment",
    "TiltGeometry",
    "TiltImage",
    "TiltSeries",
    "Tomogram",
    "TomogramPicks",
    "one_of",
]
