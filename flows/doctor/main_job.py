"""Whether the embedded tools do their work on this machine: what everything else may be missing beside."""

import tempfile
import time
from pathlib import Path

from flows.doctor.findings import Finding
from tasks.motion_correction import EmbeddedMotion
from tasks.simulation import SimulatedMovies

PART = "embedded tools"


def check() -> list[Finding]:
    """Correct the motion of a small simulated movie."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = SimulatedMovies(count=1, seed=1, shape=(128, 128), pixel_size=4, frames=4, particles=4)
        truth = small.simulate(folder / "simulated")
        movie = next(each.movie for each in truth.movies if each.movie)
        motion = EmbeddedMotion().correct(movie, folder)
    seconds = time.monotonic() - begun
    found = f"{motion.program} corrected a simulated movie in {seconds:.1f} s"
    return [Finding(part=PART, name="motion correction", state="ok", found=found)]
