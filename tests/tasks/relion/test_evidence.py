import pytest

from tasks.errors import ResultError
from tasks.models.classes import ClassStatistics
from tasks.relion.evidence import best_class


def made(number, particles, resolution, accuracy=None):
    return ClassStatistics(
        number=number, particles=particles, fraction=0.1, resolution=resolution, rotation_accuracy=accuracy
    )


def test_the_class_with_the_finest_resolution_wins_wherever_it_is():
    assert best_class([made(1, 300, 20.0), made(2, 250, 9.0), made(3, 450, 15.0)])[0] == 2


def test_among_classes_of_like_resolution_the_largest_wins():
    number, why = best_class([made(1, 300, 9.0), made(2, 100, 12.0), made(3, 600, 9.4)])
    assert number == 3
    assert why == "class 3: 600 of 1000 particles at 9.4 angstrom, the most of 2 classes of like resolution"


def test_a_tiny_class_does_not_win_by_its_noise():
    assert best_class([made(1, 5, 6.0), made(2, 500, 10.0), made(3, 495, 12.0)])[0] == 2


def test_equally_large_classes_are_told_apart_by_their_accuracy():
    assert best_class([made(1, 500, 9.0, 4.0), made(2, 500, 9.0, 1.5)])[0] == 2


def test_a_class_without_resolution_does_not_win():
    assert best_class([made(1, 900, None), made(2, 400, 20.0)])[0] == 2


def test_classes_of_junk_only_are_a_failure():
    with pytest.raises(ResultError, match="none of 2 classes of 300 particles"):
        best_class([made(1, 300, None), made(2, 0, 8.0)])
