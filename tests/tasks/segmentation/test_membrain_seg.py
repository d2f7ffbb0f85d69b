from pathlib import Path

import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.models import Tomogram
from tasks.segmentation import MembrainSeg


@pytest.fixture
def tomogram(tmp_path):
    volume = np.random.default_rng(5).normal(size=(20, 24, 28)).astype(np.float32)
    volume[8:11, 4:20, 4:20] -= 4
    path = tmp_path / "ts_01_denoised.mrc"
    write_mrc(path, volume, 12.5)
    return Tomogram(path=path, voxel_size=12.5, shape=volume.shape, program="made")


@pytest.fixture
def tool(tmp_path):
    checkpoint = tmp_path / "MemBrain_seg_v10_beta.ckpt"
    checkpoint.touch()
    install("python_of_programs", tmp_path / "bin", "python")
    return MembrainSeg(executable=str(install("membrain", tmp_path / "bin")), checkpoint=checkpoint)


def test_the_command_is_whole():
    tomogram = Tomogram(path=Path("/data/ts_01.mrc"), voxel_size=13.48, shape=(4, 5, 6), program="made")
    tool = MembrainSeg(checkpoint=Path("/w/a.ckpt"), smallest_part=50, window=128, threshold=-1, keep_scores=True)
    assert tool.command(tomogram, Path("/out")) == [
        "membrain",
        "segment",
        *("--tomogram-path", "/data/ts_01.mrc"),
        *("--out-folder", "/out"),
        *("--in-pixel-size", "13.48"),
        *("--ckpt-path", "/w/a.ckpt"),
        *("--out-pixel-size", "10"),
        *("--segmentation-threshold", "-1"),
        *("--connected-component-thres", "50"),
        *("--sliding-window-size", "128"),
        "--rescale-patches",
        "--test-time-augmentation",
        "--store-probabilities",
        "--store-connected-components",
    ]


def test_labels_and_scores_are_put_into_place(tool, tomogram, tmp_path):
    out = tmp_path / "out"
    found = tool.model_copy(update={"keep_scores": True}).segment(tomogram, out)
    membrane = found.features[0]
    labels = read_volume(membrane.labels)
    assert membrane.labels == out / "ts_01_denoised_segmented.mrc"
    assert labels[9, 12, 12] > 0
    assert membrane.parts == labels.max()
    assert membrane.fraction == pytest.approx((labels > 0).mean())
    assert header(membrane.scores).shape == found.shape == tomogram.shape
    assert found.program == "MemBrain-seg 0.0.10 (MemBrain_seg_v10_beta.ckpt)"
    assert "Found" in (out / "ts_01_denoised_membrain.log").read_text()
    assert sorted(path.name for path in out.iterdir()) == [
        "ts_01_denoised_membrain.log",
        "ts_01_denoised_scores.mrc",
        "ts_01_denoised_segmented.mrc",
    ]


def test_weights_are_named_by_their_epoch_where_they_have_one(tool, tomogram, tmp_path):
    checkpoint = tmp_path / "mine-epoch=99-val_loss=0.54.ckpt"
    checkpoint.touch()
    found = tool.model_copy(update={"checkpoint": checkpoint}).segment(tomogram, tmp_path / "out")
    assert found.features[0].labels.is_file()


def test_the_version_is_that_of_the_environment(tool):
    assert tool.version() == "MemBrain-seg 0.0.10"


def test_refuses_weights_that_are_not_there_before_work_starts(tool, tomogram, tmp_path):
    lost = tool.model_copy(update={"checkpoint": tmp_path / "lost.ckpt"})
    with pytest.raises(InputError, match=r"no file .*lost\.ckpt"):
        lost.segment(tomogram, tmp_path / "out")
    assert not calls(Path(tool.executable))


def test_a_failure_is_told_in_the_words_of_the_program(tool, tomogram, tmp_path):
    said = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    (tmp_path / "bin" / "membrain").write_text(f"#!/bin/sh\necho '{said}'; exit 1\n")
    with pytest.raises(CommandError, match="CUDA out of memory"):
        tool.segment(tomogram, tmp_path / "out")
    assert said in (tmp_path / "out" / "ts_01_denoised_membrain.log").read_text()


def test_an_end_without_a_volume_is_no_success(tool, tomogram, tmp_path):
    program = tmp_path / "bin" / "membrain"
    program.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(ResultError, match=r"wrote nothing; expected ts_01_denoised_MemBrain_seg_v10_beta.ckpt_segm"):
        tool.segment(tomogram, tmp_path / "out")
