"""How the specimen moves during an exposure.

The numbers come from the global motion that RELION found in 40 movies of one tilt series of EMPIAR-10164 (8 frames of
0.375 electron per square angstrom each, tilts of -57 to 60 degree). There the motion is perpendicular to the tilt axis
and turns round with the sign of the tilt: the specimen rises or sinks, by 6 angstrom per electron per square angstrom
at first, and 1 / e of that after 1.17 electron per square angstrom. The amplitude scatters from movie to movie with a
logarithmic standard deviation of 0.24. In the image the specimen slides by some 0.5 angstrom more, whatever the tilt,
and each step of a frame scatters by 0.17 angstrom in x and y, of which an unknown part is the error of the measurement.
"""

import math

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeFloat, PositiveFloat

from tasks.models import Model, Shift
from tasks.simulation.truth import LocalMotion, Quadratic


class Drift(Model):
    """Statistics of the motion of the specimen in movies."""

    rise: NonNegativeFloat = 6.0
    """Initial speed normal to the specimen, in angstrom per electron per square angstrom; seen when it is tilted."""
    slide: NonNegativeFloat = 0.65
    """Initial speed in the image, in angstrom per electron per square angstrom."""
    decay: PositiveFloat = 1.17
    """Dose after which the initial speed has fallen to 1 / e, in electron per square angstrom."""
    late: NonNegativeFloat = 0.0
    """Fraction of the initial speed that stays."""
    scatter: NonNegativeFloat = 0.24
    """Standard deviation of the logarithm of the speed among movies."""
    jitter: NonNegativeFloat = 0.17
    """Standard deviation of each step between frames in x and y, in angstrom."""
    local: NonNegativeFloat = 0.0
    """Root mean square over the image of the local displacement at the last frame, in angstrom."""

    def path(
        self, frames: int, dose: float, tilt: float, axis_angle: float, random: np.random.Generator
    ) -> tuple[Shift, ...]:
        """Return a random displacement in angstrom of each frame relative to the first; angles in degree."""
        scale = random.lognormal(0.0, self.scatter)
        direction = random.uniform(0, 2 * math.pi)
        across = math.radians(axis_angle)
        rise = self.rise * math.sin(math.radians(tilt))
        x = self.slide * math.cos(direction) + rise * math.cos(across)
        y = self.slide * math.sin(direction) + rise * math.sin(across)
        travel = scale * self._travel(frames, dose)[:, None] * np.array([[x, y]])
        steps = random.normal(0, self.jitter, (frames, 2))
        steps[0] = 0
        moved = travel + np.cumsum(steps, axis=0)
        return tuple((float(a), float(b)) for a, b in moved)

    def field(self, frames: int, dose: float, random: np.random.Generator) -> LocalMotion | None:
        """Return a random local motion without a mean, quadratic in space, that slows down as the path does."""
        if not self.local or frames < 2:
            return None
        travel = self._travel(frames, dose)
        progress = travel / travel[-1]
        return LocalMotion(x=self._quadratic(random), y=self._quadratic(random), progress=tuple(progress.tolist()))

    def _travel(self, frames: int, dose: float) -> npt.NDArray[np.float64]:
        """Return the dose integral of the relative speed up to each frame, from that of the first."""
        middle = (np.arange(frames) + 0.5) * dose
        travel = self.late * middle + (1 - self.late) * self.decay * (1 - np.exp(-middle / self.decay))
        return np.asarray(travel - travel[0])

    def _quadratic(self, random: np.random.Generator) -> Quadratic:
        # Variances of u, u squared and u v for u and v evenly spread within half a unit.
        deviations = np.sqrt([1 / 12, 1 / 180, 1 / 12, 1 / 180, 1 / 144])
        drawn = random.normal(0, 1, 5) * np.array([1, 0.6, 1, 0.6, 0.6])
        along_u, along_uu, along_v, along_vv, along_uv = (
            drawn / np.linalg.norm(drawn) / deviations * self.local / 2**0.5
        )
        mean = -(along_uu + along_vv) / 12
        return tuple(float(c) for c in (mean, along_u, along_uu, along_v, along_vv, along_uv))  # type: ignore[return-value]
