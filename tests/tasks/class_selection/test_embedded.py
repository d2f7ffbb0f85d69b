import numpy as np
import pytest
from relion_runs import classes_2d, needs_relion, particles

from tasks.class_selection import EmbeddedRanking
from tasks.errors import FormatError, ResultError
from tasks.formats.mrc import header, write_mrc
from tasks.formats.star import read_star, read_table

pytestmark = needs_relion


def test_keeps_particles_and_leaves_junk_out(tmp_path_factory, tmp_path):
    base = tmp_path_factory.getbasetemp()
    found = EmbeddedRanking().select(classes_2d(base), tmp_path)
    kept = {int(name[:6]) - 1 for name in read_table(found.particles.star, "particles")["rlnImageName"]}
    junk = np.array(particles(base).junk)
    chosen = np.isin(np.arange(len(junk)), list(kept))
    assert len(kept) == found.particles.count
    assert chosen[~junk].mean() > 0.9
    assert chosen[junk].mean() < 0.1


def test_keeps_the_optics_and_the_averages_of_what_it_keeps(tmp_path_factory, tmp_path):
    found = EmbeddedRanking().select(classes_2d(tmp_path_factory.getbasetemp()), tmp_path)
    assert set(read_star(found.particles.star)) == {"optics", "particles"}
    assert header(found.averages).shape[0] == sum(score.selected for score in found.scores)
    assert all(str(score.number) for score in found.scores if "weakest in" in score.reason)


def test_classes_that_are_all_junk_are_a_failure_with_the_reason(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    with pytest.raises(ResultError, match=r"all 5 classes are junk: none scores 1\.00; the best one is class \d"):
        EmbeddedRanking(threshold=1.0).select(
            classes.model_copy(
                update={"classes": tuple(c.model_copy(update={"resolution": None}) for c in classes.classes)}
            ),
            tmp_path,
        )


def test_an_empty_class_is_left_out(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    empty = classes.classes[0].model_copy(update={"particles": 0, "fraction": 0.0, "resolution": None})
    found = EmbeddedRanking().select(classes.model_copy(update={"classes": (empty, *classes.classes[1:])}), tmp_path)
    assert not found.scores[0].selected
    assert found.scores[0].reason == "no particles"


def test_averages_of_another_run_are_refused(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    write_mrc(tmp_path / "other.mrcs", np.ones((3, 32, 32), np.float32), 6, stack=True)
    with pytest.raises(FormatError, match="3 averages; expected one for each of 5 classes"):
        EmbeddedRanking().select(classes.model_copy(update={"averages": tmp_path / "other.mrcs"}), tmp_path)
