import platform
from pathlib import Path

import pytest
import yaml

from flows.outcomes import failure_of
from tasks.command import run
from tasks.errors import CommandError

SAID = yaml.safe_load((Path(__file__).parents[1] / "data" / "failures" / "said.yaml").read_text())


def failed(folder: Path, said: str, status: str = "exit 1", before: str = "", after: str = "") -> CommandError:
    """Run a program that says something and fails."""
    (folder / "said").write_text(f"{before}{said}\n{after}")
    with pytest.raises(CommandError) as caught:
        run(["sh", "-c", f"cat said; {status}"], cwd=folder, log=folder / "log")
    return caught.value


@pytest.mark.parametrize("one", SAID, ids=lambda one: f"{one['kind']}, {one['program']}, {one['said'][:30].strip()}")
def test_the_kind_is_told_by_what_programs_really_said_also_under_pages_of_advice(tmp_path, one):
    error = failed(
        tmp_path, one["said"], before="reading\n" * 500, after="and this is what you may do about it\n" * 500
    )
    assert failure_of(error).kind == one["kind"]


@pytest.mark.parametrize("signal", ["ILL", "ABRT", "SEGV", "BUS", "FPE"])
def test_a_crash_is_said_to_be_one_first_and_tried_again(tmp_path, signal):
    error = failed(tmp_path, "malloc(): invalid next size (unsorted)", f"kill -{signal} $$")
    first, _, rest = str(error).partition("\n")
    assert "ended by signal" in first
    assert 'it crashed: a fault of the program, or of an input that it does not check ("malloc(): invalid' in first
    assert rest.startswith("malloc(): invalid next size (unsorted)\n")
    assert failure_of(error).kind == "tool-error"


def test_a_program_that_is_killed_ran_out_of_memory(tmp_path):
    assert failure_of(failed(tmp_path, "working", "kill -KILL $$")).kind == "out-of-memory"


def test_the_cause_comes_first_and_is_told_by_its_own_line(tmp_path):
    said = "frame 1\rframe 2\rGFft: CUFFT_ALLOC_FAILED"
    error = failed(tmp_path, said, before="a\n" * 9, after="advice\n" * 400)
    assert str(error).startswith(
        'sh failed with status 1: it ran out of memory ("GFft: CUFFT_ALLOC_FAILED"); it last said'
    )


def test_what_was_said_last_counts_before_what_was_survived(tmp_path):
    error = failed(tmp_path, "out of memory, trying with less\n" + "working\n" * 400 + "write: No space left on device")
    assert failure_of(error).kind == "disk-full"


def test_a_machine_without_gpu_is_named(tmp_path):
    failure = failure_of(failed(tmp_path, "no CUDA-capable device is detected"))
    assert failure.kind == "no-gpu"
    assert failure.reason.startswith(f"on {platform.node()}: sh failed")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2.26 GiB"), "out-of-memory"),
        (RuntimeError("No CUDA GPUs are available"), "no-gpu"),
        (AssertionError("Torch not compiled with CUDA enabled"), "no-gpu"),
        (MemoryError(), "out-of-memory"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "tool-error"),
        (FileNotFoundError(2, "No such file", "movie.tif"), "missing-input"),
        (OSError(28, "No space left on device"), "disk-full"),
    ],
)
def test_the_embedded_tools_fail_by_the_same_kinds(error, kind):
    assert failure_of(error).kind == kind
