import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from flows.ispyb.pictures import (
    pictures_of_classes,
    pictures_of_micrograph,
    pictures_of_stack,
    pictures_of_tomogram,
    pictures_of_volume,
)
from flows.records import records_of_series
from tasks.formats.coordinates import write_coordinates
from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, Ctf, Micrograph, Motion, ParticleSet, Picks, TiltAlignment, Tomogram
from tasks.models.classes import ClassAverage, Classes2D


@pytest.fixture
def micrograph(tmp_path):
    """A noisy image with a bright corner, right and high."""
    image = np.random.default_rng(3).normal(0, 0.1, (128, 192)).astype(np.float32)
    image[96:, 160:] += 5
    path = tmp_path / "motion_correction" / "movie_1.mrc"
    write_mrc(path, image, 1.5)
    return Micrograph(path=path, pixel_size=1.5)


@pytest.fixture
def motion(micrograph):
    star = micrograph.path.with_suffix(".star")
    star.write_text("data_general\n")
    return Motion(
        micrograph=micrograph,
        displacements=((0, 0), (1.5, -0.5), (2.0, -0.25)),
        early=1,
        late=1,
        metadata=star,
        program="test 1",
    )


@pytest.fixture
def ctf(tmp_path):
    picture = tmp_path / "ctf_estimation" / "movie_1_ctf.png"
    picture.parent.mkdir()
    Image.new("P", (40, 20), 0).save(picture)
    return Ctf(
        defocus_u=12_000,
        defocus_v=11_000,
        defocus_angle=10,
        resolution=4,
        figure_of_merit=0.2,
        ice_ring=0,
        diagnostic=picture,
        profile=picture.with_suffix(".csv"),
        program="test 1",
    )


@pytest.fixture
def picks(tmp_path, micrograph):
    star = tmp_path / "particle_picking" / "movie_1_autopick.star"
    write_coordinates(star, np.array([[50.0, 40.0], [60.0, 90.0]]), np.array([2.0, 1.0]))
    return Picks(micrograph=micrograph, coordinates=star, count=2, diameter=30, threshold=1, program="test 1")


@pytest.fixture
def images(tmp_path):
    """Three tilts, each bright elsewhere."""
    found = {}
    for number in range(3):
        image = np.random.default_rng(number).normal(0, 0.1, (64, 96)).astype(np.float32)
        image[:, 32 * number : 32 * (number + 1)] += 5
        write_mrc(tmp_path / f"tilt_{number}.mrc", image, 4.0)
        found[f"tilt_{number}"] = Micrograph(path=tmp_path / f"tilt_{number}.mrc", pixel_size=4.0)
    return found


@pytest.fixture
def alignment(tmp_path):
    transforms = tmp_path / "tilt_series_alignment" / "series.xf"
    transforms.parent.mkdir()
    transforms.write_text("")
    tilts = tuple(
        TiltAlignment(
            name=f"tilt_{number}", angle=30 * number - 32, axis_angle=85, displacement=(10.0 * number, -5.0 * number)
        )
        for number in range(3)
    )
    return Alignment(tilts=tilts, tilt_axis_angle=85, score=0.9, transforms=transforms, program="test 1")


@pytest.fixture
def tomogram(tmp_path):
    volume = np.random.default_rng(1).normal(0, 0.1, (20, 48, 64)).astype(np.float32)
    volume[:, 32:, 48:] += 5
    path = tmp_path / "tomogram_reconstruction" / "series.mrc"
    write_mrc(path, volume, 12.0)
    return Tomogram(path=path, voxel_size=12.0, shape=(20, 48, 64), program="test 1")


def grey(path):
    return np.asarray(Image.open(path).convert("L")).astype(int)


def times(*paths):
    return [path.stat().st_ino for path in paths]


def test_an_exposure_has_a_picture_of_each_result(tmp_path, micrograph, motion, ctf, picks):
    found = pictures_of_micrograph(tmp_path, micrograph, motion, ctf, picks)
    assert found.micrograph == tmp_path / "pictures" / "movie_1.jpeg"
    corner = grey(found.micrograph)
    assert corner[:120, 850:].min() > 200
    assert corner[400:].mean() < 60
    plot = json.loads(found.drift.read_text())["data"][0]
    assert (plot["x"], plot["y"]) == ([0, 1.5, 2], [0, -0.5, -0.25])
    with Image.open(found.spectrum) as spectrum:
        assert (spectrum.format, spectrum.size) == ("JPEG", (40, 20))
    # 1024 pixels are the 5 whole enlargements of 192, and y points down.
    green = np.asarray(Image.open(found.picks)).astype(int)
    down, across = np.nonzero((green[..., 1] > 180) & (green[..., 0] < 150))
    assert (across.mean(), down.mean()) == pytest.approx((5 * 55.5, 640 - 5 * 65.5), abs=12)


def test_nothing_is_drawn_twice(tmp_path, micrograph, motion, ctf, picks):
    first = pictures_of_micrograph(tmp_path, micrograph, motion, ctf, picks)
    drawn = times(first.micrograph, first.drift, first.spectrum, first.picks)
    again = pictures_of_micrograph(tmp_path, micrograph, motion, ctf, picks)
    assert times(again.micrograph, again.drift, again.spectrum, again.picks) == drawn


def test_a_new_image_has_a_new_picture(tmp_path, micrograph):
    drawn = times(pictures_of_micrograph(tmp_path, micrograph).micrograph)
    later = micrograph.path.stat().st_mtime_ns + 10**9
    os.utime(micrograph.path, ns=(later, later))
    assert times(pictures_of_micrograph(tmp_path, micrograph).micrograph) != drawn


def test_what_is_not_known_has_no_picture(tmp_path, micrograph):
    found = pictures_of_micrograph(tmp_path, micrograph)
    assert (found.drift, found.spectrum, found.picks) == (None, None, None)
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["movie_1.jpeg"]


def test_the_picture_of_the_picker_is_shown_if_it_drew_one(tmp_path, micrograph, picks):
    drawn = tmp_path / "particle_picking" / "movie_1_picks.jpeg"
    drawn.write_bytes(b"jpeg")
    theirs = picks.model_copy(update={"diagnostic": drawn})
    assert pictures_of_micrograph(tmp_path, micrograph, picks=theirs).picks == drawn


def test_what_cannot_be_pictured_is_none_and_the_log_says_why(tmp_path, micrograph, ctf, caplog):
    micrograph.path.write_bytes(micrograph.path.read_bytes()[:5000])
    ctf.diagnostic.unlink()
    with caplog.at_level(logging.WARNING):
        found = pictures_of_micrograph(tmp_path, micrograph, ctf=ctf)
    assert (found.micrograph, found.spectrum) == (None, None)
    assert "truncated" in caplog.text
    assert "movie_1_ctf.png: no such file" in caplog.text


def test_each_class_average_has_a_picture_beside_the_stack(tmp_path):
    averages = np.zeros((3, 16, 16), np.float32)
    for number in range(3):
        averages[number, 4 * number : 4 * number + 4] = 1
    stack = tmp_path / "run_it025_classes.mrcs"
    write_mrc(stack, averages, 4, stack=True)
    particles = ParticleSet(star=tmp_path / "a.star", count=9, box_size=16, pixel_size=4, diameter=60)
    classes = Classes2D(
        particles=particles,
        averages=stack,
        model=tmp_path / "model.star",
        optimiser=tmp_path / "optimiser.star",
        classes=tuple(ClassAverage(number=number, particles=3, fraction=0.3) for number in (1, 2, 3)),
        algorithm="em",
        program="RELION",
    )
    found = pictures_of_classes(classes)
    assert found[3] == tmp_path / "run_it025_classes_3.jpeg"
    # y points up: the band of the first average is the lowest.
    brightest = [grey(found[number]).mean(axis=1).reshape(4, -1).mean(axis=1).argmax() for number in (1, 2, 3)]
    assert brightest == [3, 2, 1]


def test_a_tomogram_has_its_pictures_beside_it(tomogram, alignment, images):
    found = pictures_of_tomogram("series", tomogram, alignment, images)
    names = [found.central_slice, found.movie, found.shifts, found.from_above, found.from_side, found.alignment]
    assert [path.name for path in names] == [
        "series_thumbnail.jpeg",
        "series_movie.png",
        "series_xy_shift_plot.json",
        "series_projXY.jpeg",
        "series_projXZ.jpeg",
        "series_alignment.jpeg",
    ]
    assert {path.parent for path in names} == {tomogram.path.parent}
    for path in (found.central_slice, found.from_above):
        picture = grey(path)
        rows, columns = picture.shape
        assert picture[: rows // 4, columns * 4 // 5 :].min() > 180, "high and right"
        assert picture[rows // 2 :].mean() < 60
    side = grey(found.from_side)
    assert side.shape == (20 * 16, 64 * 16)
    assert side[:, 13 * 64 :].mean() > side[:, : 11 * 64].mean() + 100
    with Image.open(found.movie) as movie:
        assert (movie.n_frames, movie.size) == (20, (512, 384))
    plot = json.loads(found.shifts.read_text())["data"][0]
    assert (plot["x"], plot["y"]) == ([0, 10, 20], [0, -5, -10])
    with Image.open(found.alignment) as outlines:
        assert max(outlines.size) > 900


def test_the_plot_beside_a_tomogram_is_not_taken_for_a_record(tmp_path, tomogram, alignment):
    record = tomogram.path.with_suffix(".json")
    record.write_text("{}")
    pictures_of_tomogram("series", tomogram, alignment, {})
    assert records_of_series(tmp_path) == [record]


def test_nothing_is_drawn_of_tilts_without_images(tomogram, alignment):
    assert pictures_of_tomogram("series", tomogram, alignment, {}).alignment is None
    assert pictures_of_stack(tomogram.path.with_name("series_stack.mrc"), alignment, {}).movie is None


def test_a_denoised_volume_has_its_pictures_beside_it(tmp_path, tomogram):
    denoised = tmp_path / "denoising" / "series_denoised.mrc"
    denoised.parent.mkdir()
    tomogram.path.rename(denoised)
    found = pictures_of_volume(denoised)
    assert found.thumbnail == denoised.with_name("series_denoised_thumbnail.jpeg")
    assert found.movie == denoised.with_name("series_denoised_movie.png")
    assert grey(found.thumbnail)[:90, 410:].min() > 180


def test_pictures_may_be_made_twice_at_once(tomogram):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(pictures_of_volume, [tomogram.path] * 8))
    assert len(set(map(str, found))) == 1
    with Image.open(found[0].movie) as movie:
        movie.seek(19)
        assert np.asarray(movie.convert("L")).std() > 50
    assert not [path for path in tomogram.path.parent.iterdir() if path.name.startswith(".")]


def test_a_stack_shows_the_flattest_tilt_and_all_in_their_order(tmp_path, alignment, images):
    found = pictures_of_stack(tmp_path / "series_stack.mrc", alignment, images)
    assert found.thumbnail == tmp_path / "series_stack_thumbnail.jpeg"
    # The second tilt is the flattest, and bright in its middle.
    columns = grey(found.thumbnail).mean(axis=0).reshape(3, -1).mean(axis=1)
    assert columns.argmax() == 1
    with Image.open(found.movie) as movie:
        brightest = []
        for number in range(movie.n_frames):
            movie.seek(number)
            brightest.append(np.asarray(movie.convert("L")).mean(axis=0).reshape(3, -1).mean(axis=1).argmax())
    assert brightest == [0, 1, 2]
