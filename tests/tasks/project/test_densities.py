"""What follows 2D classes: a first density, 3D classes, refinement, sharpening and the B factor."""

import pytest
from project_sessions import batch_of, density_of, processed_movies

from tasks.formats.star import read_star, read_table
from tasks.project import write_spa_project
from tasks.project.pipeline_file import read_pipeline

JOBS = [
    ("JoinStar/job009/", "JoinStar/Live_best_particles/", "relion.joinstar.particles"),
    ("InitialModel/job010/", "InitialModel/Live_initial_model/", "relion.initialmodel"),
    ("Class3D/job011/", "Class3D/Live_class3d/", "relion.class3d"),
    ("Select/job012/", "Select/Live_refine_class1/", "relion.select.onvalue"),
    ("Refine3D/job013/", "Refine3D/Refine_D2_symmetry/", "relion.refine3d"),
    ("MaskCreate/job014/", "MaskCreate/Mask_D2_symmetry/", "relion.maskcreate"),
    ("PostProcess/job015/", "PostProcess/PostProcess_D2_symmetry/", "relion.postprocess"),
    ("External/job016/", "External/Live_b_factor/", "relion.external"),
]
EDGES = [
    ("Select/job008/particles.star", "JoinStar/job009/"),
    ("JoinStar/job009/particles_batch_50000.star", "InitialModel/job010/"),
    ("InitialModel/job010/initial_model.mrc", "Class3D/job011/"),
    ("Class3D/job011/run_it025_data.star", "Select/job012/"),
    ("Select/job012/particles.star", "Refine3D/job013/"),
    ("Class3D/job011/run_it025_class001.mrc", "Refine3D/job013/"),
    ("Refine3D/job013/run_class001.mrc", "MaskCreate/job014/"),
    ("Refine3D/job013/run_half1_class001_unfil.mrc", "PostProcess/job015/"),
    ("MaskCreate/job014/mask.mrc", "PostProcess/job015/"),
    ("PostProcess/job015/postprocess.star", "External/job016/"),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("densities")
    movies = processed_movies(folder / "session")
    batch = batch_of(folder / "session", movies, 1)
    density = density_of(folder / "session", batch)
    write_spa_project(folder / "project", "cm1", movies, [batch], [density])
    return folder, movies, batch, density


def test_every_step_is_a_job_under_the_next_number(session):
    pipeline = read_pipeline(session[0] / "project/default_pipeline.star")
    found = [(process.name, process.alias, process.type) for process in pipeline.processes]
    assert found[-len(JOBS) :] == JOBS
    assert pipeline.counter == 17


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge[1])
def test_each_job_reads_what_the_one_before_it_has_made(session, edge):
    assert edge in read_pipeline(session[0] / "project/default_pipeline.star").inputs


def test_every_file_of_the_graph_is_there_and_names_files_that_are(session):
    project = session[0] / "project"
    nodes = [name for name, _ in read_pipeline(project / "default_pipeline.star").nodes]
    assert [name for name in nodes if not (project / name).exists()] == []
    stars = [name for name in nodes if name.endswith(".star") and name.split("/")[1] > "job006"]
    assert len(stars) == 14
    words = {word.split("@")[-1] for name in stars for word in (project / name).read_text().split() if "/" in word}
    assert [word for word in words if not (project / word).exists()] == []


def test_what_relion_left_names_files_of_the_job(session):
    project = session[0] / "project"
    general = read_star(project / "Refine3D/job013/run_it012_optimiser.star")["optimiser_general"]
    assert general["rlnModelStarFile"] == "Refine3D/job013/run_it012_model.star"
    assert read_star(project / "PostProcess/job015/postprocess.star")["general"]["rlnMaskName"] == (
        "MaskCreate/job014/mask.mrc"
    )


def test_the_symmetry_and_the_resolution_are_told(session):
    project = session[0] / "project"
    assert "symmetry D2: its copies agree" in (project / "InitialModel/job010/run.out").read_text()
    assert "resolution 7.10 A, B factor -120 A^2" in (project / "PostProcess/job015/run.out").read_text()
    points = read_table(project / "External/job016/b_factor.star", "points")
    assert list(points["Particles"]) == [1, 3, 5]


def test_a_density_that_comes_later_has_other_numbers_and_names(session):
    folder, movies, batch, density = session
    later = density_of(folder / "session", batch, "100000").model_copy(
        update={"first": None, "refinement": None, "sharpened": None, "b_factor": None, "failure": "it diverged"}
    )
    project = folder / "later"
    write_spa_project(project, "cm1", movies, [batch], [density])
    write_spa_project(project, "cm1", movies, [batch, batch_of(folder / "more", movies[:1], 2)], [density, later])
    pipeline = read_pipeline(project / "default_pipeline.star")
    found = {process.alias: (process.name, process.status) for process in pipeline.processes}
    assert found["Class2D/Live_class2d_batch2/"] == ("Class2D/job017/", "Succeeded")
    assert found["Class3D/Live_class3d_100000/"] == ("Class3D/job019/", "Succeeded")
    assert found["Refine3D/Refine_D2_symmetry_100000/"] == ("Refine3D/job021/", "Failed")
    assert found["Refine3D/Refine_D2_symmetry/"] == ("Refine3D/job013/", "Succeeded")
    assert ("InitialModel/job010/initial_model.mrc", "Class3D/job019/") in pipeline.inputs
    assert (project / "Refine3D/job021/run.err").read_text() == "100000: it diverged\n"


def test_a_job_that_a_user_began_keeps_its_number(session):
    folder, movies, batch, density = session
    project = folder / "user"
    write_spa_project(project, "cm1", movies, [batch])
    star = project / "default_pipeline.star"
    star.write_text(star.read_text().replace("JobCounter 10", "JobCounter 12"))
    write_spa_project(project, "cm1", movies, [batch], [density])
    names = [process.name for process in read_pipeline(star).processes]
    assert "InitialModel/job012/" in names
    assert read_pipeline(star).counter == 19


def test_what_has_not_changed_is_not_written(session):
    folder, movies, batch, density = session
    project = folder / "project"
    before = {path: path.lstat().st_mtime_ns for path in project.rglob("*")}
    write_spa_project(project, "cm1", movies, [batch], [density])
    assert {path: path.lstat().st_mtime_ns for path in project.rglob("*")} == before
