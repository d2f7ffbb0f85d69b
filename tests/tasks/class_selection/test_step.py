import pytest
from pydantic import TypeAdapter, ValidationError
from relion_runs import classes_2d, needs_relion

from tasks.class_selection import ClassSelector, EmbeddedRanking, RelionClassRanker, select_classes


@needs_relion
def test_a_selection_is_made_once(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    first = select_classes.fn(classes, EmbeddedRanking(), tmp_path)
    time = first.particles.star.stat().st_mtime_ns
    assert select_classes.fn(classes, EmbeddedRanking(), tmp_path) == first
    assert first.particles.star.stat().st_mtime_ns == time


@needs_relion
def test_another_threshold_selects_again(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    first = select_classes.fn(classes, EmbeddedRanking(), tmp_path)
    second = select_classes.fn(classes, EmbeddedRanking(threshold=0.0), tmp_path)
    assert second.particles.count > first.particles.count


def test_selectors_are_told_apart_by_their_tool():
    parse = TypeAdapter(ClassSelector).validate_python
    assert parse({"tool": "embedded", "threshold": 0.4}) == EmbeddedRanking(threshold=0.4)
    assert parse({"tool": "relion"}) == RelionClassRanker()
    with pytest.raises(ValidationError):
        parse({"tool": "other"})
