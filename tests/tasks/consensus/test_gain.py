import numpy as np
import pytest

from tasks.consensus import estimate_gain, rate_orientations
from tasks.formats.gain import turn
from tasks.formats.mrc import write_mrc
from tasks.formats.tiff import write_tiff_frames
from tasks.models import Acquisition, GainReference, Movie

SHAPE = (256, 256)


def seen(tmp_path, truth: GainReference, *, seed: int, shape=SHAPE, counts=8.0, sensitivity=False):
    """Return the counts of a camera, a movie like them, and its reference stored so that ``truth`` is how it lies."""
    random = np.random.default_rng(seed)
    gain = (1 + 0.04 * random.standard_normal(shape)).astype(np.float32)
    y, x = np.mgrid[: shape[0], : shape[1]] / 40
    total = random.poisson(counts * (1 + 0.3 * np.sin(x) * np.cos(y)) / gain).astype(np.float32)
    total[5, 7] = 1e5
    stored = gain
    for _ in range(8):
        # Turning as the reference is turned, until that would give the gain: of order eight at most.
        if np.array_equal(turn(stored, truth), gain):
            break
        stored = turn(stored, truth)
    assert np.array_equal(turn(stored, truth), gain)
    write_mrc(tmp_path / "gain.mrc", 1 / stored if sensitivity else np.ascontiguousarray(stored), 1.0)
    suffix = "eer" if sensitivity else "tiff"
    path = tmp_path / f"movie.{suffix}"
    if not sensitivity:
        write_tiff_frames(path, [total.clip(0, 255).astype(np.uint8)], 1.0)
    return total, Movie(path=path, acquisition=Acquisition(pixel_size=1))


@pytest.mark.parametrize(
    ("rotation", "flip", "words"),
    [
        (0, "none", "rotation 0, flip none"),
        (1, "none", "rotation 1, flip none"),
        (3, "upside-down", "rotation 3, flip upside-down"),
        (1, "left-right", "rotation 3, flip upside-down"),
    ],
)
def test_the_right_orientation_stands_out(tmp_path, rotation, flip, words):
    truth = GainReference(path=tmp_path / "gain.mrc", rotation=rotation, flip=flip)
    total, movie = seen(tmp_path, truth, seed=841)
    rated = rate_orientations(total, movie, truth)
    assert len(rated) == 8
    found = estimate_gain(rated, truth, 1)
    assert (found.value, found.expected, found.agrees) == (words, words, True)
    assert found.confidence > 0.8
    wrong = truth.model_copy(update={"rotation": (rotation + 2) % 4})
    assert estimate_gain(rated, wrong, 1).agrees is False


def test_only_orientations_that_fit_are_tried_on_frames_that_are_not_square(tmp_path):
    truth = GainReference(path=tmp_path / "gain.mrc", flip="upside-down")
    total, movie = seen(tmp_path, truth, seed=842, shape=(192, 320))
    rated = rate_orientations(total, movie, truth)
    assert len(rated) == 4
    assert estimate_gain(rated, truth, 1).agrees is True


def test_frames_that_are_corrected_already_do_not_tell(tmp_path):
    truth = GainReference(path=tmp_path / "gain.mrc")
    _, movie = seen(tmp_path, truth, seed=843)
    corrected = np.random.default_rng(844).poisson(8.0, SHAPE).astype(np.float32)
    found = estimate_gain(rate_orientations(corrected, movie, truth), truth, 1)
    assert (found.value, found.agrees, found.confidence) == (None, None, 0)
    assert "corrected already" in found.evidence
