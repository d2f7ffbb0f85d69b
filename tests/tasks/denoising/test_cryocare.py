import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.denoising import CryoCare
from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.models import Tomogram

STEPS = ("extract_train_data", "train", "predict")


@pytest.fixture
def tomogram(tmp_path):
    random = np.random.default_rng(9)
    paths = {name: tmp_path / f"ts_01_{name}.mrc" for name in ("whole", "even", "odd")}
    for path in paths.values():
        write_mrc(path, random.normal(size=(130, 132, 134)).astype(np.float32), 10.0)
    return Tomogram(
        path=paths["whole"],
        voxel_size=10,
        shape=(130, 132, 134),
        even=paths["even"],
        odd=paths["odd"],
        program="made",
    )


@pytest.fixture
def tool(tmp_path):
    install("python_of_programs", tmp_path / "bin", "python")
    extract, train, predict = (str(install("cryocare", tmp_path / "bin", f"cryoCARE_{step}.py")) for step in STEPS)
    return CryoCare(
        extract_executable=extract, train_executable=train, predict_executable=predict, patch_size=64, epochs=2
    )


def asked(tool, step):
    return [json.loads(said) for (said,) in calls(Path(tool.predict_executable).with_name(f"cryoCARE_{step}.py"))]


def test_what_the_three_steps_read_is_whole():
    even, odd, tool = Path("/t/even.mrc"), Path("/t/odd.mrc"), CryoCare(tiles=(1, 2, 2), batch=8)
    assert tool.extraction(even, odd, Path("/w/data")) == {
        "even": ["/t/even.mrc"],
        "odd": ["/t/odd.mrc"],
        "patch_shape": [72, 72, 72],
        "num_slices": 1200,
        "split": 0.9,
        "tilt_axis": "Y",
        "n_normalization_samples": 500,
        "path": "/w/data",
    }
    assert tool.training(Path("/w/data"), Path("/w/network")) == {
        "train_data": "/w/data",
        "epochs": 100,
        "steps_per_epoch": 200,
        "batch_size": 8,
        "unet_kern_size": 3,
        "unet_n_depth": 3,
        "unet_n_first": 16,
        "learning_rate": 0.0004,
        "model_name": "cryocare",
        "path": "/w/network",
    }
    assert tool.prediction(Path("/n.tar.gz"), even, odd, Path("/w/out")) == {
        "path": "/n.tar.gz",
        "even": "/t/even.mrc",
        "odd": "/t/odd.mrc",
        "n_tiles": [1, 2, 2],
        "output": "/w/out",
        "overwrite": True,
    }


def test_a_network_is_trained_used_and_kept(tool, tomogram, tmp_path):
    out = tmp_path / "out"
    found = tool.denoise(tomogram, out)
    assert found.path == out / "ts_01_whole_denoised.mrc"
    assert header(found.path).shape == found.shape
    assert read_volume(found.path).std() < 0.5 * read_volume(tomogram.even).std()
    assert (found.even, found.odd, found.program) == (None, None, "cryoCARE 0.3.0")
    with tarfile.open(out / "ts_01_whole_cryocare.tar.gz") as network:
        assert network.getnames() == ["cryocare/norm.json"]
    logs = [f"ts_01_whole_cryocare_{step}.log" for step in ("extract", "predict", "train")]
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [*logs, "ts_01_whole_cryocare.tar.gz", "ts_01_whole_denoised.mrc"]
    )


def test_a_network_that_is_given_is_not_trained_again(tool, tomogram, tmp_path):
    tool.denoise(tomogram, tmp_path / "first")
    network = tmp_path / "first" / "ts_01_whole_cryocare.tar.gz"
    tool.model_copy(update={"network": network}).denoise(tomogram, tmp_path / "second")
    assert [len(asked(tool, step)) for step in STEPS] == [1, 1, 2]
    assert asked(tool, "predict")[1]["path"] == str(network)
    assert network.is_file()


def test_without_a_gpu_it_is_told_to_look_for_one(tool, tomogram, tmp_path):
    """It crashes otherwise: cannot access local variable 'gpu_ids'."""
    tool.model_copy(update={"device": "cpu"}).denoise(tomogram, tmp_path / "out")
    assert ["gpu_id" in asked(tool, step)[0] for step in STEPS] == [False, True, True]


@pytest.mark.parametrize("half", ["even", "odd"])
def test_refuses_a_tomogram_without_halves(tool, tomogram, tmp_path, half):
    with pytest.raises(InputError, match="no halves; expected volumes of the even and odd frames"):
        tool.denoise(tomogram.model_copy(update={half: None}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_refuses_a_tomogram_too_thin_to_train_on(tool, tomogram, tmp_path):
    large = tool.model_copy(update={"patch_size": 72})
    with pytest.raises(InputError, match=r"130 voxels across; expected more than twice the patches .*\(72\)"):
        large.denoise(tomogram, tmp_path / "out")


def test_refuses_a_network_that_is_not_there(tool, tomogram, tmp_path):
    with pytest.raises(InputError, match=r"no file .*lost\.tar\.gz"):
        tool.model_copy(update={"network": tmp_path / "lost.tar.gz"}).denoise(tomogram, tmp_path / "out")


def test_a_failure_is_told_in_the_words_of_the_program(tool, tomogram, tmp_path):
    said = "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor"
    Path(tool.train_executable).write_text(f"#!/bin/sh\necho '{said}'; exit 1\n")
    with pytest.raises(CommandError, match="OOM when allocating"):
        tool.denoise(tomogram, tmp_path / "out")


def test_an_end_without_a_volume_is_no_success(tool, tomogram, tmp_path):
    Path(tool.predict_executable).write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(ResultError, match=r"did not write ts_01_even\.mrc"):
        tool.denoise(tomogram, tmp_path / "out")
