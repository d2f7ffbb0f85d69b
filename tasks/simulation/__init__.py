"""Phantoms, movies and tilt series with known truth, for the demonstration, the tests and the benchmarks."""

from tasks.simulation.movies import SimulatedMovies, simulate_micrograph, simulate_movie
from tasks.simulation.tilt_series import SimulatedTiltSeries, simulate_tilt_images, true_volume
from tasks.simulation.trajectory import Drift
from tasks.simulation.truth import (
    Defocus,
    LocalMotion,
    MicrographTruth,
    MoviesTruth,
    MovieTruth,
    Particle,
    TiltSeriesTruth,
    TiltTruth,
)

__all__ = [
    "Defocus",
    "Drift",
    "LocalMotion",
    "MicrographTruth",
    "MovieTruth",
    "MoviesTruth",
    "Particle",
    "SimulatedMovies",
    "SimulatedTiltSeries",
    "TiltSeriesTruth",
    "TiltTruth",
    "simulate_micrograph",
    "simulate_movie",
    "simulate_tilt_images",
    "true_volume",
]
