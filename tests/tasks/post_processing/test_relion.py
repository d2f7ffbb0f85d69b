import numpy as np
import pytest
from relion_runs import job, needs_relion, refined, small_particles

from tasks.errors import InputError, ResultError
from tasks.formats.mrc import read_volume, write_mrc
from tasks.models.maps import Map
from tasks.post_processing import RelionPostProcessing

MAP = Map(path="/project/Refine3D/run_class001.mrc", pixel_size=1.5, box_size=64, resolution=12.0)
FIRST, MASK = job("Refine3D").file("run_half1_class001_unfil.mrc"), job("PostProcess").file("mask.mrc")


@needs_relion
def test_finds_a_mask_and_the_resolution_within_it(tmp_path_factory, tmp_path):
    base = tmp_path_factory.getbasetemp()
    found = RelionPostProcessing(mask_extension=0, mask_edge=2).sharpen(refined(base).map, tmp_path / "PostProcess")
    assert found.map.resolution <= found.unmasked_resolution
    assert 16 <= found.map.resolution < 40
    assert found.fsc[0].corrected > 0.99
    assert found.fsc[0].resolution > found.fsc[-1].resolution == pytest.approx(16, rel=0.01)
    assert found.b_factor is None
    mask, true = read_volume(found.mask), read_volume(small_particles(base).density)
    within = true > 0.3 * true.max()
    assert mask[within].mean() > 0.9
    assert mask.mean() < 4 * within.mean()


@needs_relion
def test_a_given_mask_and_b_factor_are_used(tmp_path_factory, tmp_path):
    density = refined(tmp_path_factory.getbasetemp()).map
    write_mrc(tmp_path / "ones.mrc", np.ones((24, 24, 24), np.float32), 8)
    processor = RelionPostProcessing(mask=tmp_path / "ones.mrc", b_factor=-500)
    found = processor.sharpen(density, tmp_path / "PostProcess")
    assert found.mask == tmp_path / "ones.mrc"
    assert found.mask_threshold is None
    assert found.b_factor == pytest.approx(-500)
    assert found.fsc[3].masked == pytest.approx(found.fsc[3].unmasked, abs=1e-3)


@needs_relion
def test_a_density_that_nothing_reaches_makes_no_mask(tmp_path_factory, tmp_path):
    density = refined(tmp_path_factory.getbasetemp()).map
    with pytest.raises(ResultError, match="covers 0% of the box at density 1000"):
        RelionPostProcessing(mask_threshold=1000).sharpen(density, tmp_path / "PostProcess")


def test_the_commands():
    processor = RelionPostProcessing(mtf="/opt/mtf.star", mtf_pixel_size=0.75)
    words = ["relion_postprocess", "--i", "Refine3D/run_half1_class001_unfil.mrc", "--o", "PostProcess/postprocess"]
    words += ["--mask", "PostProcess/mask.mrc", "--angpix", "1.5", "--autob_lowres", "10", "--mtf", "/opt/mtf.star"]
    words += ["--mtf_angpix", "0.75", "--auto_bfac", "--pipeline_control", "PostProcess/"]
    assert processor.command(MAP, FIRST, MASK, job("PostProcess"), ["--auto_bfac"]) == words
    mask = ["relion_mask_create", "--i", "Refine3D/run_class001.mrc", "--o", "PostProcess/mask.mrc", "--lowpass", "15"]
    mask += ["--ini_threshold", "0.0125", "--extend_inimask", "3", "--width_soft_edge", "6", "--angpix", "1.5"]
    assert processor.mask_command(MAP, 0.0125, MASK, job("PostProcess")) == [*mask, "--j", "1"]


def test_a_map_without_halves_is_refused(tmp_path):
    with pytest.raises(InputError, match="no half maps"):
        RelionPostProcessing().sharpen(MAP, tmp_path)


def test_halves_of_another_size_are_refused(tmp_path):
    halves = tuple(tmp_path / f"run_half{number}.mrc" for number in (1, 2))
    for half in halves:
        write_mrc(half, np.ones((8, 8, 8), np.float32), 1.5)
    with pytest.raises(InputError, match=r"\(8, 8, 8\) voxels; expected the 64 voxels"):
        RelionPostProcessing().sharpen(MAP.model_copy(update={"halves": halves}), tmp_path)
