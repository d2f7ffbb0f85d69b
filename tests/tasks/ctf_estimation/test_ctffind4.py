import math
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stand_ins.installing import calls, install

from tasks.ctf_estimation import Ctffind4
from tasks.ctf_estimation.profile import read_profile
from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.mrc import write_mrc
from tasks.models import Micrograph, Optics

DATA = Path(__file__).parents[2] / "data" / "ctffind"
OPTICS = Optics(amplitude_contrast=0.07)


@pytest.fixture
def noise():
    return np.random.default_rng(3).normal(size=(2, 256, 256)).astype(np.float32)


@pytest.fixture
def micrograph(tmp_path, noise):
    write_mrc(tmp_path / "image.mrc", noise[0], 1.0)
    return Micrograph(path=tmp_path / "image.mrc", pixel_size=1.0)


@pytest.fixture
def program(tmp_path):
    """Make a program that records its answers and its input, and leaves the real files of a fit."""

    def make(after=""):
        path = tmp_path / "ctffind"
        write_mrc(tmp_path / "spectrum.mrc", np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32), 1.4)
        path.write_text(f"""#!{sys.executable} -I
import shutil, sys
from pathlib import Path
answers = sys.stdin.read().splitlines()
Path({str(tmp_path / "answers")!r}).write_text("\\n".join(answers))
sections = int.from_bytes(Path(answers[0]).read_bytes()[8:12], "little")
Path({str(tmp_path / "sections")!r}).write_text(str(sections))
output = Path(answers[1])
values = output.with_suffix(".txt")
shutil.copyfile({str(tmp_path / "spectrum.mrc")!r}, output)
shutil.copyfile({str(DATA / "fit.txt")!r}, values)
shutil.copyfile({str(DATA / "fit_avrot.txt")!r}, output.with_name(output.stem + "_avrot.txt"))
{after}
""")
        path.chmod(0o755)
        return str(path)

    return make


def answers_of(tool, optics=OPTICS):
    return tool.answers(Path("in.mrc"), Path("out.mrc"), 1.35, optics)


def test_answers_the_questions_in_order():
    assert answers_of(Ctffind4()) == [
        *(Path("in.mrc"), Path("out.mrc"), 1.35, 300.0, 2.7, 0.07, 512, 30.0, 5.0, 5000.0, 50000.0, 100.0),
        *("no", "no", "no", "no", "no", "no"),
    ]


def test_answers_what_astigmatism_is_expected_only_when_it_is_restrained():
    answers = answers_of(Ctffind4(astigmatism=200, exhaustive_search=True))
    assert answers[12:] == ["no", "yes", "yes", 200.0, "no", "no", "no"]


def test_answers_phase_shifts_in_radian():
    answers = answers_of(Ctffind4(phase_shift_range=(30, 150), phase_shift_step=15))
    assert answers[12:16] == ["no", "no", "no", "yes"]
    assert answers[16:] == [math.radians(30), math.radians(150), math.radians(15), "no", "no"]


def test_types_the_answers_and_reads_the_result(tmp_path, micrograph, program):
    folder = tmp_path / "new" / "ctf"
    ctf = Ctffind4(executable=program()).estimate(micrograph, OPTICS, folder)
    typed = (tmp_path / "answers").read_text().splitlines()
    assert typed[0] == str(micrograph.path)
    assert " ".join(typed[2:]) == "1 300 2.7 0.07 512 30 5 5000 50000 100 no no no no no no"
    assert (ctf.defocus_u, ctf.defocus_v, ctf.defocus_angle) == (10588.083984, 9956.6875, -44.710212)
    assert (ctf.resolution, ctf.figure_of_merit, ctf.phase_shift) == (4.102857, 0.494779, 0.0)
    assert ctf.program == "CTFFIND 4.1.14"
    assert Image.open(ctf.diagnostic).size == (1024, 512)
    assert read_profile(ctf.profile).correlation[24] == pytest.approx(0.682093)
    assert sorted(path.name for path in folder.iterdir()) == [
        f"image_ctf.{end}" for end in ("csv", "log", "mrc", "png")
    ]


def test_turns_the_phase_shift_into_degrees(micrograph, program, tmp_path):
    change = 'values.write_text(values.read_text().replace("-44.710212 0.000000", "-44.710212 1.570796"))'
    ctf = Ctffind4(executable=program(change)).estimate(micrograph, OPTICS, tmp_path)
    assert ctf.phase_shift == pytest.approx(90, abs=1e-3)


def test_says_its_version_before_its_first_question(tmp_path):
    program = install("ctffind4", tmp_path)
    assert Ctffind4(executable=str(program)).version() == "CTFFIND 4.1.14"
    assert calls(program) == [["none"]]
    with pytest.raises(CommandError, match="was not found"):
        Ctffind4(executable=str(tmp_path / "missing")).version()
    with pytest.raises(ResultError, match="no version of CTFFIND"):
        Ctffind4(executable="/bin/true").version()


def test_gives_the_program_one_section_of_a_stack(tmp_path, noise, program):
    write_mrc(tmp_path / "stack.mrc", noise, 1.0, stack=True)
    micrograph = Micrograph(path=tmp_path / "stack.mrc", pixel_size=1.0, section=1)
    ctf = Ctffind4(executable=program()).estimate(micrograph, OPTICS, tmp_path)
    assert (tmp_path / "sections").read_text() == "1"
    assert ctf.diagnostic.name == "stack_section001_ctf.png"


@pytest.mark.parametrize("suffix", [".txt", "_avrot.txt"])
def test_refuses_a_run_that_left_a_file_out(tmp_path, micrograph, program, suffix):
    remove = f'output.with_name(output.stem + "{suffix}").unlink()'
    with pytest.raises(ResultError, match=rf"image: .*image_ctf{suffix}"):
        Ctffind4(executable=program(remove)).estimate(micrograph, OPTICS, tmp_path)


def test_refuses_values_that_are_not_finite(tmp_path, micrograph, program):
    change = 'values.write_text(values.read_text().replace("4.102857", "inf"))'
    with pytest.raises(ResultError, match="resolution"):
        Ctffind4(executable=program(change)).estimate(micrograph, OPTICS, tmp_path)


def test_does_not_take_the_values_of_an_earlier_run(tmp_path, micrograph, program):
    Ctffind4(executable=program()).estimate(micrograph, OPTICS, tmp_path)
    with pytest.raises(ResultError, match="did not write"):
        Ctffind4(executable=program("values.unlink()")).estimate(micrograph, OPTICS, tmp_path)


def test_fails_with_the_program(tmp_path, micrograph, program):
    with pytest.raises(CommandError, match="no licence"):
        Ctffind4(executable=program('sys.exit("no licence")')).estimate(micrograph, OPTICS, tmp_path)


def test_refuses_a_blank_image_before_the_program_runs(tmp_path, program):
    write_mrc(tmp_path / "blank.mrc", np.full((256, 256), 7, np.float32), 1.0)
    micrograph = Micrograph(path=tmp_path / "blank.mrc", pixel_size=1.0)
    with pytest.raises(InputError, match=r"blank\.mrc: the same value 7"):
        Ctffind4(executable=program()).estimate(micrograph, OPTICS, tmp_path)
    assert not (tmp_path / "answers").exists()
