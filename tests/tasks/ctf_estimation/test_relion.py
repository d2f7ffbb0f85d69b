"""RELION's wrapper really runs here; what runs under it is a stand-in that writes what the real program writes."""

import shutil

import numpy as np
import pytest
from PIL import Image
from relion_runs import stand_in
from stand_ins.installing import calls, install

from tasks.ctf_estimation import RelionCtf
from tasks.ctf_estimation.direction import larger_first
from tasks.ctf_estimation.profile import read_profile
from tasks.errors import CommandError, InputError
from tasks.models import Optics
from tasks.relion.version import RelionVersion

needs_relion = pytest.mark.skipif(shutil.which("relion_run_ctffind") is None, reason="RELION is not installed")
TRUE = {"abs": 80}


def estimator(tmp_path, program, **parameters):
    return RelionCtf(program=program, program_executable=str(install(program, tmp_path / "bin")), **parameters)


@needs_relion
def test_tells_what_ctffind_found_in_our_terms(rings, save, tmp_path):
    image = rings(512, 1.5, (16000, 15000), -75, seed=81, strength=1.0)
    tool = estimator(tmp_path, "ctffind4")
    ctf = tool.estimate(save(image, name="a b.c"), Optics(), tmp_path / "out")
    assert (ctf.defocus_u, ctf.defocus_v) == pytest.approx((16000, 15000), **TRUE)
    assert ctf.defocus_angle == pytest.approx(-75, abs=6)
    assert ctf.program == f"{tool.version()} with CTFFIND 4.1.14"
    assert Image.open(ctf.diagnostic).size == (1024, 512)
    assert read_profile(ctf.profile).correlation.max() > 0.8
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"a b.c_ctf.{end}" for end in ("csv", "log", "png")
    ]
    typed = calls(tmp_path / "bin" / "ctffind4")[0]
    assert " ".join(typed[2:]) == "1.5 300 2.7 0.1 512 30 5 5000 50000 100 no no yes 200 no no"
    assert "Estimated defocus values" in (tmp_path / "out" / "a b.c_ctf.log").read_text()


@needs_relion
def test_tells_the_phase_shift_in_degrees(rings, save, tmp_path):
    image = rings(512, 1.5, (12300, 11900), 40, seed=5, strength=1.0, phase_shift=70)
    ctf = estimator(tmp_path, "ctffind4", phase_shift_range=(0, 180)).estimate(save(image), Optics(), tmp_path / "out")
    assert ctf.phase_shift == pytest.approx(70, abs=10)


@needs_relion
def test_puts_the_larger_defocus_of_gctf_first(rings, save, tmp_path):
    image = rings(512, 1.5, (16000, 15000), 20, seed=82, strength=1.0)
    ctf = estimator(tmp_path, "gctf").estimate(save(image), Optics(), tmp_path / "out")
    assert (ctf.defocus_u, ctf.defocus_v) == pytest.approx((16000, 15000), **TRUE)
    assert ctf.defocus_angle == pytest.approx(20, abs=4)
    assert ctf.program.endswith("with Gctf")
    assert calls(tmp_path / "bin" / "gctf")[0][:4] == ["--apix", "1.5", "--cs", "2.7"]


@needs_relion
def test_fails_with_the_words_of_the_program_under_it(rings, save, tmp_path):
    image = rings(256, 1.5, (16000, 15000), 20, seed=83)
    tool = RelionCtf(program_executable=str(tmp_path / "missing"))
    with pytest.raises(CommandError, match="missing"):
        tool.estimate(save(image), Optics(), tmp_path / "out")


def test_asks_each_program_in_relions_words():
    common = "--ctfWin -1 --Box 512 --ResMin 30 --ResMax 5 --dFMin 5000 --dFMax 50000 --FStep 100 --dAst 200"
    start = "relion_run_ctffind --i micrographs.star --o out/"
    asked = RelionCtf().command()
    assert asked == f"{start} --is_ctffind4 --ctffind_exe ctffind {common} --fast_search".split()
    asked = RelionCtf(program="gctf", program_executable="Gctf", gpu=1, phase_shift_range=(10, 90)).command()
    phases = "--do_phaseshift --phase_min 10 --phase_max 90 --phase_step 10"
    assert asked == f"{start} --use_gctf --gctf_exe Gctf {common} {phases} --EPA --gpu 1".split()


def test_refuses_a_program_that_a_version_does_not_run(rings, save, tmp_path):
    micrograph = save(rings(128, 1.5, (16000, 15000), 20, seed=84))
    for version, program in (("3.1.3", "ctffind5"), ("5.0.0", "gctf")):
        executable = stand_in(tmp_path / version / "relion_run_ctffind", version)
        with pytest.raises(InputError, match=f"program {program}: RELION {version}; expected RELION"):
            RelionCtf(executable=str(executable), program=program).estimate(micrograph, Optics(), tmp_path)
    assert RelionVersion(5).program == RelionCtf(executable=str(executable)).version()


# The first rows of a real list that Gctf wrote.
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ((35268.36, 35036.41, 21.26), (35268.36, 35036.41, 21.26)),
        ((34332.65, 35647.82, 10.50), (35647.82, 34332.65, -79.50)),
        ((33858.72, 33047.64, 82.23), (33858.72, 33047.64, 82.23)),
        ((10588.08, 9956.69, -44.71), (10588.08, 9956.69, -44.71)),
    ],
)
def test_orders_defoci(theirs, ours):
    assert larger_first(*theirs) == pytest.approx(ours)
    first, second = (np.array(values) for values in (theirs, larger_first(*theirs)))
    azimuth = np.radians(np.arange(0, 180, 15))
    along = [
        values[0] * np.cos(azimuth - np.radians(values[2])) ** 2
        + values[1] * np.sin(azimuth - np.radians(values[2])) ** 2
        for values in (first, second)
    ]
    np.testing.assert_allclose(along[0], along[1])
