import pytest
from relion_runs import classes_2d, needs_relion, stand_in

from tasks.class_selection import RelionClassRanker
from tasks.errors import InputError
from tasks.formats.star import read_table
from tasks.relion.job import open_job

pytestmark = needs_relion


def ranker(tmp_path, scores, version="5.0.0"):
    rows = "".join(f"{n:06d}@classes.mrcs {score}\\n" for n, score in enumerate(scores, 1))
    table = "\\ndata_model_classes\\n\\nloop_\\n_rlnReferenceImage #1\\n_rlnClassScore #2\\n" + rows
    body = f"pathlib.Path(value('--o') + 'rank_model.star').write_text('{table}')"
    return stand_in(tmp_path / "relion_class_ranker", version, body)


def test_finds_a_threshold_and_says_it_for_later_particles(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    program = ranker(tmp_path, [0.1, 0.2, 0.3, 0.7, 0.8])
    selector = RelionClassRanker(executable=str(program), removed_fraction=0.7, fewest_particles=0)
    found = selector.select(classes, tmp_path / "Select")
    assert 0.3 < found.threshold < 0.7
    assert [score.selected for score in found.scores] == [False, False, False, True, True]
    assert set(read_table(found.particles.star, "particles")["rlnClassNumber"]) <= {4, 5}
    assert found.program == "RELION 5.0.0"
    first, second = (tmp_path / "relion_class_ranker.txt").read_text().splitlines()
    assert first.endswith(f"--min_score 0 --pipeline_control {tmp_path / 'Select'}/")
    assert f"--min_score {found.threshold:.6g} " in second


def test_a_threshold_that_is_known_is_used(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    program = ranker(tmp_path, [0.1, 0.2, 0.3, 0.7, 0.8])
    found = RelionClassRanker(executable=str(program), threshold=0.25, fewest_particles=0).select(
        classes, tmp_path / "S"
    )
    assert [score.selected for score in found.scores] == [False, False, True, True, True]
    assert len((tmp_path / "relion_class_ranker.txt").read_text().splitlines()) == 1


def test_takes_the_next_best_classes_until_there_are_enough(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    program = ranker(tmp_path, [0.1, 0.2, 0.3, 0.7, 0.8])
    selector = RelionClassRanker(executable=str(program), threshold=0.75, fewest_particles=120)
    assert selector.select(classes, tmp_path / "S").particles.count == 120


def test_junk_only_is_a_result_that_says_so_even_if_more_particles_were_asked_for(tmp_path_factory, tmp_path):
    program = ranker(tmp_path, [0.01, 0.02, 0.03, 0.02, 0.01])
    selector = RelionClassRanker(executable=str(program), fewest_particles=500)
    found = selector.select(classes_2d(tmp_path_factory.getbasetemp()), tmp_path / "Select")
    assert found.particles.count == 0
    assert found.why.startswith("all 5 classes are junk: none scores 0.10; the best one is class 3 with 0.03")


def test_says_that_the_ranker_needs_a_later_version(tmp_path_factory, tmp_path):
    program = ranker(tmp_path, [], version="3.1.3")
    with pytest.raises(InputError, match=r"RELION 4\.0 or later, or the embedded ranking"):
        RelionClassRanker(executable=str(program)).select(classes_2d(tmp_path_factory.getbasetemp()), tmp_path / "S")


def test_the_command(tmp_path_factory, tmp_path):
    classes = classes_2d(tmp_path_factory.getbasetemp())
    own = open_job(tmp_path / "Select")
    words = ["relion_class_ranker", "--opt", str(classes.optimiser), "--o", f"{own.folder}/", "--auto_select"]
    words += ["--fn_root", "rank", "--do_granularity_features", "--fn_sel_parts", "particles.star"]
    words += ["--fn_sel_classavgs", "class_averages.star", "--python", "python", "--select_min_nr_particles", "500"]
    words += ["--min_score", "0.35", "--pipeline_control", f"{own.folder}/"]
    assert RelionClassRanker().command(classes, 0.35, own) == words
