import json
import shutil
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from prefect.artifacts import Artifact
from prefect.testing.utilities import prefect_test_harness

from flows.tomography import Tomography, process_tilt_series
from tasks.errors import InputError
from tasks.formats.star import read_table
from tasks.models.contents import Shortfalls
from tasks.segmentation import MembrainSeg

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module", autouse=True)
def prefect_server():
    with prefect_test_harness(server_startup_timeout=120):
        yield


def tomography(truth, folder: Path, **parameters) -> Tomography:
    source = {
        "kind": "mdoc",
        "mdoc": truth.mdoc,
        "frames": truth.tilts[0].movie.path.parent,
        "acquisition": truth.tilts[0].movie.acquisition,
    }
    # The images are too small and few for the aligner to judge which of them are stray.
    aligner = {"tool": "embedded", "smallest_share": 0}
    fixed = {"name": truth.name, "source": source, "folder": folder, "aligner": aligner}
    return Tomography.model_validate(fixed | parameters)


@pytest.fixture(scope="module")
def processed(simulated_tilt_series, tmp_path_factory):
    folder = tmp_path_factory.mktemp("processed")
    return folder, process_tilt_series(tomography(simulated_tilt_series, folder))


def written(folder: Path) -> dict[str, int]:
    """Return when each file of the results was written; the project has links to them."""
    files = (path for path in folder.rglob("*.mrc") if not path.is_symlink())
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


def table(name: str) -> list[dict]:
    return json.loads(Artifact.get(f"tilts-{name}").data)


def test_a_tilt_series_becomes_a_denoised_tomogram(processed, simulated_tilt_series):
    folder, denoised = processed
    assert denoised.path.is_relative_to(folder / "denoising")
    with mrcfile.open(denoised.path) as file:
        assert file.data.shape == denoised.shape
        assert file.voxel_size.x == pytest.approx(denoised.voxel_size, rel=1e-4)
        assert np.isfinite(file.data).all()
        assert file.data.std() > 0
    assert len(list((folder / "motion_correction").glob("*.star"))) == len(simulated_tilt_series.tilts)


def test_a_run_ends_with_a_project_unless_it_is_told_not_to(processed, simulated_tilt_series):
    folder, denoised = processed
    row = read_table(folder / "project/Denoise/job007/tomograms.star", "global").iloc[0]
    assert (folder / "project" / row["rlnTomoReconstructedTomogramDenoised"]).samefile(denoised.path)
    shutil.rmtree(folder / "project")
    process_tilt_series(tomography(simulated_tilt_series, folder, project=False))
    assert not (folder / "project").exists()


def test_the_page_tells_the_story_of_each_tilt(processed, simulated_tilt_series):
    rows = table("ts-01")
    assert {row["tilt"] for row in rows} == {tilt.name for tilt in simulated_tilt_series.tilts}
    assert all(row["kept"] == "yes" for row in rows), rows
    assert all(row["motion (A)"] is not None and row["shift x (A)"] is not None for row in rows)


def test_the_page_shows_the_central_slices(processed):
    page = Artifact.get("tomogram-ts-01").data
    assert "data:image/jpeg;base64," in page
    assert str(processed[1].path) in page
    assert len(list((processed[0] / "pictures").glob("*.png"))) == 2


def test_a_segmentation_that_fails_does_not_lose_the_tomogram(processed, simulated_tilt_series, tmp_path):
    folder = tmp_path / "copy"
    # Of finer voxels than by default, on which a membrane can be seen.
    given = tomography(simulated_tilt_series, folder, project=False, reconstructor={"tool": "embedded", "binning": 2})
    segmenter = MembrainSeg(checkpoint=tmp_path / "lost.ckpt")
    first = process_tilt_series(given)
    (own,) = (folder / "segmentation").glob("*.json")
    of_another = Path(shutil.copy(own, own.with_name("ts_02_segmentation.json")))
    again = process_tilt_series(given.model_copy(update={"segmenter": segmenter}))
    assert again == first
    (record,) = (folder / "shortfalls").glob("*.json")
    (shortfall,) = Shortfalls.model_validate(json.loads(record.read_text())["result"]).failed
    assert (shortfall.step, shortfall.kind) == ("segmentation", "bad-data")
    assert "lost.ckpt" in shortfall.reason
    assert "| no segmentation | bad-data: " in Artifact.get("tomogram-ts-01").data
    # What was found before is of other inputs.
    assert list((folder / "segmentation").glob("*.json")) == [of_another]
    process_tilt_series(given)
    assert not Shortfalls.model_validate(json.loads(record.read_text())["result"]).failed
    assert len(list((folder / "segmentation").glob("*.json"))) == 2


def test_nobody_need_look_into_the_tomogram(simulated_tilt_series, tmp_path):
    process_tilt_series(tomography(simulated_tilt_series, tmp_path, project=False, segmenter=None))
    assert not (tmp_path / "segmentation").exists()
    assert not (tmp_path / "shortfalls").exists()


def test_the_same_again_does_nothing(processed, simulated_tilt_series):
    folder, denoised = processed
    before = written(folder)
    assert process_tilt_series(tomography(simulated_tilt_series, folder)) == denoised
    assert written(folder) == before


def test_a_new_parameter_recomputes_only_what_depends_on_it(processed, simulated_tilt_series, tmp_path):
    folder = tmp_path / "copy"
    process_tilt_series(tomography(simulated_tilt_series, folder))
    before = written(folder)
    process_tilt_series(tomography(simulated_tilt_series, folder, reconstructor={"tool": "embedded", "binning": 2}))
    changed = {Path(name).parts[0] for name, time in written(folder).items() if before.get(name) != time}
    assert changed == {"tomogram_reconstruction", "denoising", "segmentation"}


def test_a_tilt_that_fails_is_left_out_with_the_reason(simulated_tilt_series, tmp_path):
    frames = tmp_path / "frames"
    shutil.copytree(simulated_tilt_series.tilts[0].movie.path.parent, frames)
    missing, truncated = simulated_tilt_series.tilts[0].name, simulated_tilt_series.tilts[-1].name
    next(frames.glob(f"{missing}.*")).unlink()
    broken = next(frames.glob(f"{truncated}.*"))
    broken.write_bytes(broken.read_bytes()[:1000])
    parameters = tomography(simulated_tilt_series, tmp_path / "results").model_dump(mode="json")
    parameters["source"]["frames"] = str(frames)
    process_tilt_series(Tomography.model_validate(parameters | {"name": "two bad tilts"}))
    reasons = {row["tilt"]: row["why not"] for row in table("two-bad-tilts") if row["kept"] == "no"}
    assert len(reasons) == 2
    assert all(reasons.values())


def test_a_gain_of_the_wrong_shape_is_refused_before_work_starts(simulated_tilt_series, tmp_path):
    gain = tmp_path / "gain.mrc"
    with mrcfile.new(gain) as file:
        file.set_data(np.ones((10, 20), np.float32))
    parameters = tomography(simulated_tilt_series, tmp_path / "results").model_dump(mode="json")
    parameters["source"]["acquisition"]["gain"] = {"path": str(gain)}
    with pytest.raises(InputError, match=r"gain\.mrc"):
        process_tilt_series(Tomography.model_validate(parameters))
    assert not (tmp_path / "results" / "motion_correction").exists()
