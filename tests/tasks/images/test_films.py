import numpy as np
import pytest
from PIL import Image

from tasks.errors import InputError
from tasks.images.films import write_film


def frames_of(values):
    for value in values:
        grey = np.full((20, 30), 255, np.uint8)
        grey[5:15, 5:25] = value
        yield Image.fromarray(grey)


def test_a_film_shows_the_frames_in_their_order_for_ever(tmp_path):
    path = write_film(tmp_path / "new" / "film.png", frames_of([0, 123, 255]), 90)
    with Image.open(path) as film:
        assert (film.n_frames, film.info["loop"], film.size) == (3, 0, (30, 20))
        shown = []
        for number in range(3):
            film.seek(number)
            assert film.info["duration"] == 90
            shown.append(np.asarray(film.convert("L"))[10, 10])
    assert shown == pytest.approx([0, 123, 255], abs=5)
    assert shown[0] == 0
    assert shown[2] == 255


def test_a_film_of_one_frame_is_a_picture(tmp_path):
    with Image.open(write_film(tmp_path / "film.png", frames_of([7]))) as film:
        assert getattr(film, "n_frames", 1) == 1
        assert film.size == (30, 20)


def test_frames_of_several_sizes_are_refused(tmp_path):
    with pytest.raises(InputError, match="frames of 2 sizes"):
        write_film(tmp_path / "film.png", [Image.new("L", (3, 3)), Image.new("L", (4, 3))])
    with pytest.raises(InputError, match="no frames"):
        write_film(tmp_path / "film.png", [])
    assert not list(tmp_path.iterdir())


def test_a_frame_that_is_like_the_one_before_is_a_frame_too(tmp_path):
    with Image.open(write_film(tmp_path / "film.png", frames_of([40, 40, 90, 90]))) as film:
        assert film.n_frames == 4
        film.seek(3)
        assert film.getpixel((10, 10)) == pytest.approx(90, abs=5)
