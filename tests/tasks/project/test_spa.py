import pytest
from project_sessions import processed_movies

from tasks.errors import InputError
from tasks.formats.mrc import header
from tasks.formats.star import read_star, read_table
from tasks.project import write_spa_project
from tasks.project.pipeline_file import read_pipeline


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spa")
    return folder, processed_movies(folder / "session")


@pytest.fixture(scope="module")
def project(session):
    folder, movies = session
    write_spa_project(folder / "project", "cm1", movies)
    return folder / "project"


@pytest.mark.parametrize(
    ("star", "block"),
    [
        ("Import/job001/movies.star", "movies"),
        ("MotionCorr/job002/corrected_micrographs.star", "micrographs"),
        ("CtfFind/job003/micrographs_ctf.star", "micrographs"),
        ("AutoPick/job004/autopick.star", "coordinate_files"),
        ("Extract/job005/particles.star", "particles"),
    ],
)
def test_every_file_is_found_from_the_project(project, star, block):
    table = read_table(project / star, block)
    words = [str(word).split("@")[-1] for column in table for word in table[column]]
    files = [word for word in words if "/" in word]
    assert files
    assert [file for file in files if not (project / file).exists()] == []


def test_particles_have_the_optics_of_their_images(project):
    blocks = read_star(project / "Extract/job005/particles.star")
    (optics,) = blocks["optics"].to_dict("records")
    assert (optics["rlnMicrographOriginalPixelSize"], optics["rlnMicrographPixelSize"]) == (0.675, 1.35)
    assert (optics["rlnImagePixelSize"], optics["rlnImageSize"]) == (2.7, 32)
    assert len(blocks["particles"]) == 15


def test_images_are_counted_from_1_as_their_sections(project):
    names = read_table(project / "Extract/job005/particles.star", "particles")["rlnImageName"]
    sections = [int(name.split("@")[0]) for name in names if name.endswith("FoilHole_1.mrcs")]
    assert sections == list(range(1, header(project / names[0].split("@")[1]).shape[0] + 1))


def test_folders_of_one_name_are_told_apart(project):
    movies = read_table(project / "Import/job001/movies.star", "movies")["rlnMicrographMovieName"]
    assert [name.split("/")[-2] for name in movies] == ["Data", "GridSquare_0_Data", "Data"]


def test_movies_of_other_conditions_are_another_optics_group(tmp_path):
    first, second = processed_movies(tmp_path, 2)
    movie = second.movie.model_copy(
        update={"acquisition": second.movie.acquisition.model_copy(update={"voltage": 200.0})}
    )
    write_spa_project(tmp_path / "project", "cm1", [first, second.model_copy(update={"movie": movie})])
    blocks = read_star(tmp_path / "project/Extract/job005/particles.star")
    assert list(blocks["optics"]["rlnVoltage"]) == [300, 200]
    assert list(blocks["particles"]["rlnOpticsGroup"]) == [1] * 5 + [2] * 5


def test_new_particles_are_appended_and_none_comes_twice(tmp_path):
    movies = processed_movies(tmp_path, 4)
    star = tmp_path / "project/Extract/job005/particles.star"
    write_spa_project(tmp_path / "project", "cm1", [movies[0], movies[2]])
    before = star.read_text()
    write_spa_project(tmp_path / "project", "cm1", movies)
    assert star.read_text().startswith(before)
    write_spa_project(tmp_path / "project", "cm1", movies)
    names = read_table(star, "particles")["rlnImageName"]
    assert (len(names), len(set(names))) == (20, 20)


def test_particles_that_were_extracted_again_replace_the_old_ones(tmp_path):
    movies = processed_movies(tmp_path, 2)
    write_spa_project(tmp_path / "project", "cm1", movies)
    again = processed_movies(tmp_path, 2, particles=7)
    write_spa_project(tmp_path / "project", "cm1", again)
    assert len(read_table(tmp_path / "project/Extract/job005/particles.star", "particles")) == 14


def test_a_half_written_file_is_written_again(tmp_path):
    movies = processed_movies(tmp_path, 2)
    write_spa_project(tmp_path / "project", "cm1", movies)
    star = tmp_path / "project/Extract/job005/particles.star"
    whole = star.read_text()
    star.write_text(whole[:-100])
    write_spa_project(tmp_path / "project", "cm1", movies)
    assert star.read_text() == whole


def test_boxes_of_different_sizes_are_refused(tmp_path):
    first, second = processed_movies(tmp_path, 2)
    other = second.particles.model_copy(update={"box_size": 48})
    with pytest.raises(InputError, match=r"boxes of 48 pixels .* expected 32 pixels"):
        write_spa_project(tmp_path / "p", "cm1", [first, second.model_copy(update={"particles": other})])


def test_a_movie_is_refused_twice(session, tmp_path):
    _, movies = session
    with pytest.raises(InputError, match="given twice"):
        write_spa_project(tmp_path, "cm1", [movies[0], movies[0]])


def test_a_movie_that_failed_is_named_where_it_stopped(tmp_path):
    good, bad = processed_movies(tmp_path, 2)
    bad = bad.model_copy(update={"ctf": None, "picks": None, "particles": None, "failure": "no Thon rings"})
    write_spa_project(tmp_path / "project", "cm1", [good, bad])
    job = tmp_path / "project/CtfFind/job003"
    assert (job / "run.err").read_text() == f"{bad.movie.path}: no Thon rings\n"
    assert (job / "RELION_JOB_EXIT_SUCCESS").exists()
    assert "1 done, 1 failed" in (job / "run.out").read_text()


def test_a_project_of_others_is_left_alone(session, tmp_path):
    (tmp_path / "default_pipeline.star").write_text("data_pipeline_general\n\n_rlnPipeLineJobCounter 5\n")
    with pytest.raises(InputError, match="a project that was begun by others"):
        write_spa_project(tmp_path, "cm1", session[1])
    assert [path.name for path in tmp_path.iterdir()] == ["default_pipeline.star"]


def test_a_session_without_movies_yet_is_an_empty_project(tmp_path):
    write_spa_project(tmp_path, "cm1", [])
    assert read_table(tmp_path / "default_pipeline.star", "pipeline_general")["rlnPipeLineJobCounter"].item() == 10


def test_a_movie_that_relion_could_not_name_is_told_and_the_others_are_there(tmp_path):
    good, bad, lost = processed_movies(tmp_path, 3)
    blank = bad.movie.model_copy(update={"path": bad.movie.path.with_name("Foil Hole.tiff")})
    lost.particles.star.unlink()
    write_spa_project(tmp_path / "project", "cm1", [good, bad.model_copy(update={"movie": blank}), lost])
    job = tmp_path / "project/Import/job001"
    assert len(read_table(job / "movies.star", "movies")) == 1
    told = (job / "run.err").read_text().splitlines()
    assert [line.split(": ")[0] for line in told] == [str(blank.path), str(lost.movie.path)]
    assert "a blank in its name" in told[0]
    assert (job / "RELION_JOB_EXIT_SUCCESS").exists()


def test_images_that_were_summed_already_are_imported_as_such(tmp_path):
    movies = processed_movies(tmp_path, 2)
    images = [movie.model_copy(update={"summed": movie.motion.micrograph, "motion": None}) for movie in movies]
    project = tmp_path / "project"
    write_spa_project(project, "cm1", images)
    names = read_table(project / "Import/job001/micrographs.star", "micrographs")["rlnMicrographName"]
    assert [name for name in names if not (project / name).exists()] == []
    assert list(read_table(project / "CtfFind/job003/micrographs_ctf.star", "micrographs")["rlnMicrographName"]) == [
        *names
    ]
    assert not (project / "MotionCorr").exists()
    pipeline = read_pipeline(project / "default_pipeline.star")
    assert ("Import/job001/micrographs.star", "CtfFind/job003/") in pipeline.inputs


def test_a_column_that_some_rows_do_not_have_goes_from_all(tmp_path):
    first, second, third = processed_movies(tmp_path, 3)
    star = tmp_path / "project/MotionCorr/job002/corrected_micrographs.star"
    write_spa_project(tmp_path / "project", "cm1", [first, second])
    bare = third.motion.micrograph.model_copy(update={"power_spectrum": None})
    third = third.model_copy(update={"motion": third.motion.model_copy(update={"micrograph": bare})})
    shifted = second.model_copy(update={"ctf": second.ctf.model_copy(update={"phase_shift": 90.0})})
    write_spa_project(tmp_path / "project", "cm1", [first, shifted, third])
    table = read_table(star, "micrographs")
    assert "rlnCtfPowerSpectrum" not in table
    assert len(table) == 3
    assert [name for name in table["rlnMicrographName"] if not (tmp_path / "project" / name).exists()] == []
    fitted = read_table(tmp_path / "project/CtfFind/job003/micrographs_ctf.star", "micrographs")
    assert list(fitted["rlnPhaseShift"]) == [0, 90, 0]
