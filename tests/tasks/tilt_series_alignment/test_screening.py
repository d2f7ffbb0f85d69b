import numpy as np
import pytest

from tasks.errors import InputError
from tasks.models import TiltImage
from tasks.tilt_series_alignment.screening import screen
from tasks.tilt_series_alignment.tilt_stack import read_stack


def retilted(image: TiltImage, angle: float) -> TiltImage:
    return image.model_copy(update={"tilt": image.tilt.model_copy(update={"angle": angle, "number": 99})})


def test_leaves_out_dark_blank_broken_steep_and_repeated_images(without_beads, rewritten, tmp_path):
    images = without_beads.images.copy()
    images[0] *= 0.2
    images[1] = 1
    series = rewritten(without_beads.series, images, tmp_path)
    changed = list(series.images)
    changed[5] = retilted(changed[5], changed[6].tilt.angle)
    changed[-1] = retilted(changed[-1], 90)
    stack = read_stack(series.model_copy(update={"images": tuple(changed)}))
    stack.images[2, 5, 5] = np.nan
    kept, excluded = screen(stack)
    names = [image.tilt.name for image in changed]
    assert {exclusion.name: exclusion.reason for exclusion in excluded} == {
        names[0]: "dark: its mean is 20 % of that of its neighbours",
        names[1]: "blank: its contrast is 0 % of the usual one",
        names[2]: "broken: has values that are not finite",
        names[6]: f"duplicate: {names[5]} is the same tilt, taken later",
        names[-1]: "steep: tilted by more than 80 degree",
    }
    assert set(kept.names) == set(names) - {exclusion.name for exclusion in excluded}


def test_keeps_all_good_images(without_beads):
    kept, excluded = screen(read_stack(without_beads.series))
    assert len(kept.tilts) == len(without_beads.series.images)
    assert excluded == ()


def test_refuses_a_series_of_steep_tilts_only(without_beads):
    steep = tuple(retilted(image, 81.0 + place) for place, image in enumerate(without_beads.series.images[:4]))
    with pytest.raises(InputError, match=r"0 usable images .*steep"):
        screen(read_stack(without_beads.series.model_copy(update={"images": steep})))
