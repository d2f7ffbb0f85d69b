"""What is made of what RELION really says: 3.1.3 here, and others as users reported it."""

import shutil

import numpy as np
import pytest
from mrcfile import open as open_mrc
from relion_runs import needs_relion, small_particles, stand_in

from flows.outcomes import failure_of
from tasks.classification_2d import RelionClassification2D
from tasks.errors import CommandError, ResultError
from tasks.relion.computing import Computing
from tasks.relion.job import Job

FASTEST = RelionClassification2D(classes=2, iterations=1, psi_step=60, offset_range=1, mask_diameter=150)

NO_MEMORY = "in: ./src/multidim_array.h, line 702\nERROR: \nAllocate: No space left\n"
GPU_ADVICE = """
A GPU-function failed to execute.

If this occured at the start of a run, you might have GPUs which
are incompatible with either the data or your installation of relion.
"""
GPU_MEMORY = (
    "ERROR: out of memory in /opt/relion/src/acc/cuda/custom_allocator.cuh at line 436 (error-code 2)\n"
    "in: /opt/relion/src/acc/cuda/cuda_settings.h, line 65\nERROR: \n" + GPU_ADVICE * 20
)
ALLOCATOR = (
    "ERROR: CudaCustomAllocator out of memory\n [requestedSpace:             1672740864 B]\n"
    " [largestContinuousFreeSpace: 1409897472 B]\n [totalFreeSpace:             1577153024 B]\n"
)
GPU_BROKEN = (
    "ERROR: an illegal memory access was encountered in cuda_settings.h at line 60 (error-code 77)\n" + GPU_ADVICE
)
NO_ORIENTATION = (
    "ERROR: \nNo orientation was found as better than any other.\n\nA particle image was compared to the reference and "
    "resulted in all-zero\nweights (for all orientations).\n"
)
NO_MAXIMUM = (
    "MultidimArray shape:  Empty MultidimArray!\nCheck called from file ./src/multidim_array.h line 3598\n"
    "mpirun detected that one or more processes exited with non-zero status, thus causing\nthe job to be terminated.\n"
)
NO_WEIGHTS = "ERROR: \nThe sum of weights for all orientations was\nfound to be zero for an image.\n"
SLURM = "slurmstepd: error: Detected 1 oom_kill event in StepId=4711.0. Some of the step tasks have been OOM Killed.\n"


def failed(tmp_path, said, status=1):
    """Run a program that says something and fails."""
    (tmp_path / "said.txt").write_text(said)
    body = f"print(pathlib.Path({str(tmp_path / 'said.txt')!r}).read_text()); sys.exit({status})"
    program = stand_in(tmp_path / "relion_refine", "5.0.0", body)
    with pytest.raises((CommandError, ResultError)) as caught:
        Job(tmp_path, tmp_path).run([str(program)], Computing(), [])
    return caught.value


@pytest.mark.parametrize("said", [NO_MEMORY, GPU_MEMORY, ALLOCATOR, SLURM, "std::bad_alloc"])
def test_all_ways_to_say_that_memory_ran_out(tmp_path, said):
    error = failed(tmp_path, said)
    assert "ran out of memory" in str(error)
    assert failure_of(error).kind == "out-of-memory"


@pytest.mark.parametrize("said", ["ERROR!!! zero sum of weights....", NO_ORIENTATION, NO_WEIGHTS, NO_MAXIMUM])
def test_all_ways_to_say_that_it_diverged(tmp_path, said):
    error = failed(tmp_path, said)
    assert isinstance(error, ResultError)
    assert "the refinement diverged" in str(error)
    assert str(tmp_path / "run.out") in str(error)
    assert failure_of(error).kind == "bad-data"


def test_what_relion_says_to_have_handled_is_no_divergence(tmp_path):
    handled = f"WARNING: Exception ({NO_ORIENTATION}) handled by switching to fail-safe mode.\n"
    error = failed(tmp_path, f"{handled}{handled}{GPU_BROKEN}")
    assert str(error).endswith("a GPU failed")
    assert failure_of(error).kind == "tool-error"


@pytest.mark.parametrize(
    ("said", "kind"),
    [("No space left on device", "disk-full"), ("Disk quota exceeded", "disk-full"), ("Segmentation", "tool-error")],
)
def test_other_failures_keep_their_kinds_and_the_log(tmp_path, said, kind):
    found = failure_of(failed(tmp_path, said))
    assert (found.kind, found.log) == (kind, tmp_path / "run.out")


@needs_relion
def test_relion_itself_without_memory(tmp_path_factory, tmp_path):
    program = tmp_path / "relion_refine"
    # Transforms of four hundred times the box do not fit into 300 MB.
    program.write_text(f'#!/bin/sh\nulimit -v 300000\nexec {shutil.which("relion_refine")} "$@"\n')
    program.chmod(0o755)
    tool = FASTEST.model_copy(update={"executable": str(program), "padding": 400})
    with pytest.raises(CommandError, match=r"(?s)Allocate: No space left.*it ran out of memory") as caught:
        tool.classify(small_particles(tmp_path_factory.getbasetemp()).particles, tmp_path / "job")
    assert failure_of(caught.value).kind == "out-of-memory"


@needs_relion
def test_relion_itself_with_an_image_that_holds_no_numbers(tmp_path_factory, tmp_path):
    particles = small_particles(tmp_path_factory.getbasetemp()).particles
    images = tmp_path / "particles.mrcs"
    shutil.copy(particles.star.with_name("particles.mrcs"), images)
    with open_mrc(images, "r+") as file:
        file.data[5] = np.nan
    star = tmp_path / "particles.star"
    star.write_text(particles.star.read_text().replace(str(particles.star.parent), str(tmp_path)))
    with pytest.raises(ResultError, match=r"(?s)zero sum of weights.*the refinement diverged"):
        FASTEST.classify(particles.model_copy(update={"star": star}), tmp_path / "job")


@needs_relion
def test_relion_itself_killed_among_several_processes(tmp_path_factory, tmp_path):
    program = stand_in(tmp_path / "relion_refine", "3.1.3")
    several = tmp_path / "relion_refine_mpi"
    several.write_text('#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 1 ] && kill -9 $$\nsleep 20\n')
    several.chmod(0o755)
    tool = FASTEST.model_copy(update={"executable": str(program), "computing": Computing(processes=3)})
    with pytest.raises(CommandError, match=r"(?s)ended by signal 9.*it ran out of memory") as caught:
        tool.classify(small_particles(tmp_path_factory.getbasetemp()).particles, tmp_path / "job")
    assert failure_of(caught.value).kind == "out-of-memory"
