import shutil

import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import read_image, write_mrc
from tasks.ice_thickness import EmbeddedIceThickness, IceBreaker
from tasks.ice_thickness.icebreaker import read_figures
from tasks.models import Micrograph


@pytest.fixture
def tool(tmp_path):
    """Return IceBreaker if it is installed, else what stands in for it."""
    if shutil.which("ib_job"):
        return IceBreaker(keep_groups=True)
    paths = {name: str(install(name, tmp_path / "bin")) for name in ("ib_job", "ib_5fig")}
    return IceBreaker(executable=paths["ib_job"], summary_executable=paths["ib_5fig"], keep_groups=True)


def wedge(path, thinnest=0.1, thickest=0.5, sections=1):
    """Write counts behind ice that grows thicker along x, in mean free paths of light of 160 counts."""
    light = 160 * np.exp(-np.linspace(thinnest, thickest, 480)) * np.ones((440, 1))
    images = np.random.default_rng(61).poisson(light, (sections, *light.shape)).astype(np.float32)
    images[:-1] = 1
    write_mrc(path, images if sections > 1 else images[0], 2.0, stack=sections > 1)
    return Micrograph(path=path, pixel_size=2.0, section=sections - 1)


def test_tells_the_thickness_that_the_embedded_estimate_tells(tool, tmp_path):
    micrograph = wedge(tmp_path / "micrograph.mrc")
    found = tool.model_copy(update={"reference": 160.0}).estimate(micrograph, tmp_path / "out")
    np.testing.assert_allclose(found.figures, [0.11, 0.2, 0.3, 0.4, 0.49], atol=0.025)
    embedded = EmbeddedIceThickness(reference=160, area=40).estimate(micrograph)
    np.testing.assert_allclose(found.figures, embedded.figures, atol=0.035)
    assert found.program == "IceBreaker 0.3.9"


def test_without_a_reference_the_thinnest_group_is_zero(tool, tmp_path):
    found = tool.estimate(wedge(tmp_path / "micrograph.mrc"), tmp_path / "out")
    assert found.minimum == 0
    assert found.reference == found.brightest == pytest.approx(160 * np.exp(-0.11), rel=0.02)


def test_keeps_the_image_of_the_groups_only_when_it_is_asked_to(tool, tmp_path):
    micrograph = wedge(tmp_path / "micrograph.mrc", sections=3)
    found = tool.estimate(micrograph, tmp_path / "out")
    groups = read_image(found.groups)
    assert len(np.unique(groups)) <= 16
    image = read_image(micrograph.path, micrograph.section)
    assert groups.shape == image.shape
    assert groups.mean() == pytest.approx(image.mean(), rel=0.001)
    assert tool.model_copy(update={"keep_groups": False}).estimate(micrograph, tmp_path / "other").groups is None
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["micrograph_section002_icebreaker.log"]


def test_is_asked_for_one_image_in_a_folder_of_its_own():
    group, summary = IceBreaker(threads=4).commands()
    assert group == ["ib_job", "--j", "4", "--mode", "group", "--single_mic", "micrograph.mrc", "--o", "."]
    assert summary == ["ib_5fig", "--j", "4", "--single_mic", "micrograph_grouped.mrc", "--o", "summary"]


def test_an_image_that_was_normalised_is_refused_before_any_work(tmp_path):
    tool = IceBreaker(executable=str(install("ib_job", tmp_path / "bin")))
    write_mrc(tmp_path / "flat.mrc", np.random.default_rng(62).normal(-1, 1, (300, 300)).astype(np.float32), 2.0)
    with pytest.raises(InputError, match=r"flat\.mrc: a mean intensity of -1\.\d+; expected counts of electrons"):
        tool.estimate(Micrograph(path=tmp_path / "flat.mrc", pixel_size=2), tmp_path)
    assert calls(tmp_path / "bin" / "ib_job") == []


def test_a_program_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="/nowhere/ib_job was not found"):
        IceBreaker(executable="/nowhere/ib_job").estimate(wedge(tmp_path / "micrograph.mrc"), tmp_path)


def test_ending_well_without_groups_is_an_error(tmp_path):
    idle = tmp_path / "bin" / "ib_job"
    install("ib_job", idle.parent)
    idle.write_text("#!/bin/sh\necho 'IB ERROR - Mode type not found'\n")
    with pytest.raises(
        ResultError, match=r"made no groups of .*micrograph\.mrc; it said: IB ERROR - Mode type not found"
    ):
        IceBreaker(executable=str(idle)).estimate(wedge(tmp_path / "micrograph.mrc"), tmp_path / "out")


def test_an_environment_without_the_package_does_not_say_its_version(tmp_path):
    idle = tmp_path / "ib_job"
    idle.write_text("#!/bin/sh\n")
    idle.chmod(0o755)
    (tmp_path / "python").write_text("#!/bin/sh\necho No package metadata was found >&2\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(ResultError, match=r"does not say which icebreaker-em it has: .*(\n.*)*No package metadata"):
        IceBreaker(executable=str(idle)).version()


# Printed by ib_5fig 0.3.9 of a simulated micrograph.
def test_reads_the_figures_that_ib_5fig_prints():
    said = "Results: /data/job2/IB_input/wedge_grouped.mrc 466374 487531 510866 537161 560012\nDone five figures\n"
    assert read_figures(said) == (466374, 487531, 510866, 537161, 560012)


def test_no_figures_as_of_an_image_with_nan_are_an_error():
    with pytest.raises(ResultError, match="said no five figures: Results: "):
        read_figures("Results: \nDone five figures\n")
