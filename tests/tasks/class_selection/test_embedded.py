import re

import numpy as np
import pytest
from relion_runs import classes_2d, needs_relion, particles

from tasks.class_selection import EmbeddedRanking
from tasks.errors import FormatError, InputError
from tasks.formats.mrc import header, write_mrc
from tasks.formats.star import read_star, read_table
from tasks.initial_model import RelionInitialModel
from tasks.models.maps import Map
from tasks.refinement import RelionRefinement

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


def test_classes_that_are_all_junk_are_a_result_that_says_so(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    junk = tuple(item.model_copy(update={"resolution": None}) for item in classes.classes)
    found = EmbeddedRanking().select(classes.model_copy(update={"classes": junk}), tmp_path)
    assert (found.particles.count, found.averages) == (0, None)
    assert re.match(r"all 5 classes are junk: none scores 0\.50; the best one is class \d with 0\.00, ", found.why)
    assert len(read_table(found.particles.star, "particles")) == 0
    assert set(read_star(found.particles.star)) == {"optics", "particles"}


def test_no_step_goes_on_with_junk_only(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    junk = tuple(item.model_copy(update={"resolution": None}) for item in classes.classes)
    none = EmbeddedRanking().select(classes.model_copy(update={"classes": junk}), tmp_path).particles
    with pytest.raises(InputError, match="0 particles; expected at least 50 for an initial model"):
        RelionInitialModel().find(none, tmp_path / "InitialModel")
    with pytest.raises(InputError, match="0 particles; expected at least 20 for a refinement"):
        RelionRefinement().refine(
            none, Map(path=tmp_path / "none.mrc", pixel_size=6, box_size=32), tmp_path / "Refine3D"
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
