import threading
import time

import pytest

from tasks.errors import FormatError
from tasks.project.pipeline import Pipeline, Process, render
from tasks.project.pipeline_file import merged, read_pipeline, update_pipeline

IMPORT = Process(name="Import/job001/", alias="Import/Live_import/", type="relion.import.movies", status="Succeeded")
OURS = Pipeline(
    counter=101,
    processes=(IMPORT,),
    nodes=(("Import/job001/movies.star", "MicrographMovieGroupMetadata.star.relion"),),
    outputs=(("Import/job001/", "Import/job001/movies.star"),),
)
# As RELION 3.1 writes it: no words for types.
OLD = """
data_pipeline_general

_rlnPipeLineJobCounter                     102

data_pipeline_processes

loop_
_rlnPipeLineProcessName #1
_rlnPipeLineProcessAlias #2
_rlnPipeLineProcessType #3
_rlnPipeLineProcessStatus #4
Import/job001/ Import/mine/            0            2
MotionCorr/job101/       None            1            3

data_pipeline_nodes

loop_
_rlnPipeLineNodeName #1
_rlnPipeLineNodeType #2
Import/job001/movies.star            0
MotionCorr/job101/corrected_micrographs.star            1
gain.mrc           99

data_pipeline_input_edges

loop_
_rlnPipeLineEdgeFromNode #1
_rlnPipeLineEdgeProcess #2
Import/job001/movies.star MotionCorr/job101/
gain.mrc MotionCorr/job101/

data_pipeline_output_edges

loop_
_rlnPipeLineEdgeProcess #1
_rlnPipeLineEdgeToNode #2
Import/job001/ Import/job001/movies.star
MotionCorr/job101/ MotionCorr/job101/corrected_micrographs.star
"""


@pytest.fixture
def old(tmp_path):
    (tmp_path / "default_pipeline.star").write_text(OLD)
    return tmp_path


def test_jobs_of_others_stay_with_all_that_belongs_to_them(old):
    update_pipeline(old, OURS)
    found = read_pipeline(old / "default_pipeline.star")
    assert [(process.name, process.type, process.status) for process in found.processes] == [
        ("Import/job001/", "relion.import.movies", "Succeeded"),
        ("MotionCorr/job101/", "relion.motioncorr", "Failed"),
    ]
    assert dict(found.nodes)["MotionCorr/job101/corrected_micrographs.star"] == "MicrographGroupMetadata.star.relion"
    assert found.inputs == (
        ("Import/job001/movies.star", "MotionCorr/job101/"),
        ("gain.mrc", "MotionCorr/job101/"),
    )
    assert found.counter == 102


def test_an_alias_that_a_user_gave_stays(old):
    update_pipeline(old, OURS)
    assert read_pipeline(old / "default_pipeline.star").processes[0].alias == "Import/mine/"


def test_what_has_not_changed_is_not_written(tmp_path):
    assert update_pipeline(tmp_path, OURS)
    assert not update_pipeline(tmp_path, OURS)


def test_what_is_rendered_is_read_back(tmp_path):
    (tmp_path / "a_pipeline.star").write_text(render(OURS))
    assert read_pipeline(tmp_path / "a_pipeline.star") == OURS


def test_numbers_for_relion_3_stand_only_where_it_knows_all_types():
    assert "_rlnPipeLineProcessType #" in render(OURS)
    tomography = Process(name="Denoise/job007/", type="relion.denoisetomo", status="Succeeded")
    assert "_rlnPipeLineProcessType #" not in render(OURS.model_copy(update={"processes": (IMPORT, tomography)}))


def test_writers_at_once_lose_no_job(tmp_path):
    update_pipeline(tmp_path, Pipeline())
    names = [f"Select/job{number:03d}/" for number in range(1, 9)]

    def add(name: str) -> None:
        update_pipeline(
            tmp_path, Pipeline(processes=(Process(name=name, type="relion.select.split", status="Failed"),))
        )

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(process.name for process in read_pipeline(tmp_path / "default_pipeline.star").processes) == names


def test_readers_never_see_half_a_file(tmp_path):
    update_pipeline(tmp_path, OURS)
    seen, stop = set(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add((tmp_path / "default_pipeline.star").read_text())
            time.sleep(0.0005)

    reader = threading.Thread(target=read)
    reader.start()
    texts = {render(merged(Pipeline(), OURS))}
    for number in range(200, 212):
        update_pipeline(tmp_path, OURS.model_copy(update={"counter": number}))
        texts.add((tmp_path / "default_pipeline.star").read_text())
    stop.set()
    reader.join()
    assert seen <= texts


def test_an_empty_project_is_read(tmp_path):
    star = tmp_path / "default_pipeline.star"
    star.write_text("data_pipeline_general\n\n_rlnPipeLineJobCounter                      1\n")
    assert read_pipeline(star) == Pipeline(counter=1)


def test_a_file_that_relion_is_just_writing_is_read_when_it_gives_the_lock_back(tmp_path):
    update_pipeline(tmp_path, OURS)
    star = tmp_path / "default_pipeline.star"
    whole = star.read_text()
    (tmp_path / ".relion_lock").mkdir()
    star.write_text("")

    def end() -> None:
        star.write_text(whole)
        (tmp_path / ".relion_lock").rmdir()

    threading.Timer(0.3, end).start()
    update_pipeline(tmp_path, OURS)
    assert star.read_text() == whole


def test_a_file_without_a_graph_is_refused(tmp_path):
    (tmp_path / "default_pipeline.star").write_text("data_other\n\n_rlnVoltage 300\n")
    with pytest.raises(FormatError, match="no rlnPipeLineJobCounter; expected a block data_pipeline_general"):
        update_pipeline(tmp_path, OURS)


def test_windows_offer_our_files_by_their_types(old):
    update_pipeline(old, OURS)
    offered = {str(path.relative_to(old)) for path in (old / ".Nodes").rglob("*") if path.is_file()}
    assert offered == {
        ".Nodes/MicrographMovieGroupMetadata/Import/mine/movies.star",
        ".Nodes/0/Import/mine/movies.star",
    }
