import json
from pathlib import Path

import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import read_volume, write_mrc
from tasks.models import Tomogram
from tasks.segmentation import Easymode


@pytest.fixture
def tomogram(tmp_path):
    volume = np.random.default_rng(6).normal(size=(20, 24, 28)).astype(np.float32)
    volume[8:12, 4:20, 4:20] -= 6
    path = tmp_path / "ts_01_denoised.mrc"
    write_mrc(path, volume, 10.0)
    return Tomogram(path=path, voxel_size=10.0, shape=volume.shape, program="made")


@pytest.fixture
def tool(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    (models / "registry.json").write_text(json.dumps({"ribosome": {}, "membrane": {}}))
    install("python_of_programs", tmp_path / "bin", "python")
    program = str(install("easymode", tmp_path / "bin"))
    return Easymode(executable=program, models=models, features=("membrane", "ribosome"))


def test_the_command_is_whole():
    tomogram = Tomogram(path=Path("/data/ts_01.mrc"), voxel_size=10, shape=(4, 5, 6), program="made")
    tool = Easymode(features=("ribosome", "tric"), variant="sv2", augmentation=4, tile=(96, 128, 128), overlap=16)
    words = ["easymode", "segment", "ribosome", "tric", "--data", "/data/ts_01.mrc", "--output", "/out"]
    rest = ["--format", "int8", "--version", "sv2", "--tta", "4", "--overlap", "16", "--tile", "96x128x128"]
    assert tool.command(tomogram, Path("/out")) == words + rest


def test_each_feature_has_labels_and_scores(tool, tomogram, tmp_path):
    found = tool.segment(tomogram, tmp_path / "out")
    assert [feature.name for feature in found.features] == ["membrane", "ribosome"]
    for feature in found.features:
        labels, scores = read_volume(feature.labels), read_volume(feature.scores)
        np.testing.assert_array_equal(labels, scores >= 0.5 * 127)
        assert feature.fraction == pytest.approx(labels.mean())
        assert labels[10, 12, 12] == 1
    assert found.program == "Easymode 1.2.6"
    assert len(calls(Path(tool.executable))) == 1


def test_the_settings_of_the_user_are_left_alone(tool, tomogram, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    tool.segment(tomogram, tmp_path / "out")
    assert not (tmp_path / "home").exists()


def test_a_feature_without_a_network_is_refused(tool, tomogram, tmp_path):
    other = tool.model_copy(update={"features": ("ribosome", "unicorn")})
    with pytest.raises(InputError, match="No model available for 'unicorn'"):
        other.segment(tomogram, tmp_path / "out")


def test_a_failure_after_which_it_ends_well_is_a_failure(tool, tomogram, tmp_path):
    said = "1/1 (on GPU 0) - ribosome - ts_01.mrc - ERROR: OOM when allocating tensor with shape[1,32,160,256,256]"
    Path(tool.executable).write_text(f"#!/bin/sh\necho '{said}'\n")
    with pytest.raises(CommandError, match="OOM when allocating"):
        tool.segment(tomogram, tmp_path / "out")


def test_the_volume_that_only_marks_a_place_is_no_result(tool, tomogram, tmp_path):
    """Easymode writes 10 x 10 x 10 voxels of -1 first; they stay if it is killed."""
    program = Path(tool.executable)
    program.write_text(program.read_text().replace("(probabilities(volume) * 127)", "-np.ones((10, 10, 10))"))
    with pytest.raises(ResultError, match="Easymode made 10 x 10 x 10 voxels"):
        tool.segment(tomogram, tmp_path / "out")


def test_refuses_a_folder_of_networks_that_is_not_there(tool, tomogram, tmp_path):
    with pytest.raises(InputError, match="no folder"):
        tool.model_copy(update={"models": tmp_path / "lost"}).segment(tomogram, tmp_path / "out")
