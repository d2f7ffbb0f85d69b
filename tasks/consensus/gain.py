"""How the gain reference lies on the frames: the right way round, it explains which pixels count less."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from tasks.errors import InputError
from tasks.formats.gain import factors, read_gain, turn
from tasks.models import Estimate, GainReference, Movie

Image = npt.NDArray[np.float32]

_WINDOW = 2048
"""Pixels along a side that are compared, at most."""
_NEIGHBOURS = 5
"""Pixels over which the specimen does not change, but the gain does."""
_OUTLIER = 6.0
_SEEN = 6.0
"""Standard deviations of chance above which a correlation is there."""
_DISTINCT = 2.0
"""How many times better the right orientation must be than the next."""


@dataclass(frozen=True)
class OrientedGain:
    """How well a gain reference explains the frames in one orientation."""

    reference: GainReference
    correlation: float
    chance: float
    """Standard deviation of the correlation of things that have nothing in common."""

    @property
    def words(self) -> str:
        """The orientation; of two names of the same one, that without left-right."""
        flip, rotation = self.reference.flip, int(self.reference.rotation)
        if flip == "left-right":
            flip, rotation = "upside-down", (rotation + 2) % 4
        return f"rotation {rotation}, flip {flip}"


def orientations(reference: GainReference) -> Iterator[GainReference]:
    """Yield a reference in the eight orientations that a square one can have."""
    for rotation in range(4):
        for flip in ("none", "upside-down"):
            yield GainReference.model_validate({"path": reference.path, "rotation": rotation, "flip": flip})


def rate_orientations(total: Image, movie: Movie, reference: GainReference) -> list[OrientedGain]:
    """Correlate the sum of raw frames of movies like one with what a reference says in each orientation; best first.

    Orientations in which it does not fit on the frames are left out.
    """
    frames, rated = _fine(_middle(total)), []
    stored = read_gain(GainReference(path=reference.path))
    for one in orientations(reference):
        try:
            gain = factors(movie, one, turn(stored, one))
        except InputError:
            continue
        rated.append(_rated(one, _middle(gain), frames))
    return sorted(rated, key=lambda one: one.correlation, reverse=True)


def estimate_gain(rated: Sequence[OrientedGain], configured: GainReference, movies: int) -> Estimate:
    """Say how the reference lies on the frames; the confidence is how much better that is than the next orientation.

    Frames that were corrected already do not tell, nor does a reference of another camera.
    """
    now = OrientedGain(configured, 0, 0).words
    if not rated:
        why = "the reference has other pixels than the frames"
        return Estimate(name="gain", value=None, confidence=0, items=movies, evidence=why, expected=now)
    best, following = rated[0], max([one.correlation for one in rated[1:]], default=0.0)
    seen = best.correlation > _SEEN * best.chance and best.correlation > _DISTINCT * following
    evidence = (
        f"correlation of {movies} movies with the reference: {best.correlation:.3f} in this orientation, "
        f"{following:.3f} in the next, {best.chance:.4f} by chance"
    )
    silent = "in no orientation does the reference fit: another camera's, or frames that were corrected already?"
    return Estimate(
        name="gain",
        value=best.words if seen else None,
        confidence=1 - max(following, 0.0) / best.correlation if seen else 0.0,
        items=movies,
        evidence=evidence if seen else f"{silent} ({evidence})",
        expected=now,
        agrees=best.words == now if seen else None,
    )


def _rated(reference: GainReference, gain: Image, frames: Image) -> OrientedGain:
    known = gain > 0
    sensitivity = np.divide(1, gain, out=np.ones_like(gain), where=known)
    expected = _fine(sensitivity)
    products = (
        (one * other)[known].sum() for one, other in ((frames, expected), (frames, frames), (expected, expected))
    )
    shared, first, second = products
    correlation = float(shared / np.sqrt(max(first * second, 1e-30)))
    return OrientedGain(reference, correlation, float(1 / np.sqrt(max(known.sum(), 1))))


def _middle(image: Image) -> Image:
    rows, columns = (max((length - _WINDOW) // 2, 0) for length in image.shape)
    return image[rows : image.shape[0] - rows, columns : image.shape[1] - columns]


def _fine(image: Image) -> Image:
    """Return what differs between neighbouring pixels, in units of its scatter; broken pixels are cut."""
    values = image.astype(np.float32)
    rest = values - scipy.ndimage.uniform_filter(values, _NEIGHBOURS)
    scatter = float(np.median(np.abs(rest))) / 0.6745
    if scatter == 0:
        scatter = float(rest.std()) or 1.0
    fine = np.clip(rest / scatter, -_OUTLIER, _OUTLIER).astype(np.float32)
    centred: Image = fine - fine.mean()
    return centred
