"""Why a program failed, by its own words; they mostly stand somewhere above what it said last.

Where words come from: of libraries (libc, CUDA, cuFFT, libtiff, torch, TensorFlow) from their own sources and
documents, which all programs repeat; of the field's programs from what users reported, as named beside them.
"""

import re
from dataclasses import dataclass
from typing import Literal

CauseKind = Literal["out-of-memory", "no-gpu", "no-licence", "disk-full", "bad-data", "crash"]

_END = 2000
_LONGEST = 200


@dataclass(frozen=True)
class Cause:
    """Why a program failed."""

    kind: CauseKind
    words: str
    """What it means, for people."""
    line: str
    """The line from which it is known."""

    def __str__(self) -> str:
        return f'{self.words} ("{self.line}")'


@dataclass(frozen=True)
class _Rule:
    kind: CauseKind
    words: str
    pattern: re.Pattern[str]


def _rule(kind: CauseKind, words: str, *patterns: str) -> _Rule:
    return _Rule(kind, words, re.compile("|".join(patterns), re.IGNORECASE))


# The first rule that fits decides: what comes first is said by programs that go on to say what comes later, too.
_RULES = (
    _rule(
        "no-gpu",
        "this machine has no GPU that it can use: look at nvidia-smi, the driver, and for what the program was built",
        # CUDA; RELION repeats it (3dem/relion#845, I2PC/scipion#856).
        r"no CUDA-capable device",
        r"CUDA driver version is insufficient",
        r"CUDA driver initialization failed|forward compatibility was attempted",
        # CUDA; MotionCor3 repeats it (czimaginginstitute/MotionCor3#27, #10).
        r"no kernel image is available|invalid device (symbol|ordinal)",
        # nvidia-smi and the driver.
        r"couldn't communicate with the NVIDIA driver|Driver/library version mismatch|GPU is lost|fallen off the bus",
        # MotionCor2 (I2PC/scipion#716); MotionCor and AreTomo in all versions, by their sources.
        r"Failed to initialize GPU|mCheckGPUs: no valid device|GPU \d+ is invalid, skip",
        # torch, TensorFlow.
        r"No CUDA GPUs are available|Found no NVIDIA driver|Torch not compiled with CUDA|CUDA_ERROR_NO_DEVICE",
        r"uncorrectable (NVLink|ECC) error",
    ),
    _rule(
        "out-of-memory",
        "it ran out of memory",
        # The kernel kills the largest process; SLURM says so.
        r"ended by signal 9\b|oom[-_ ]kill|\bkilled process \d+",
        # libc and C++; Fortran.
        r"bad_alloc|cannot allocate memory|unable to allocate|insufficient virtual memory|\bMemoryError\b",
        # CUDA, cuFFT, cuDNN; MotionCor and AreTomo put the name of a function before it, RELION
        # "CudaCustomAllocator" (3dem/relion#120, #1075), pycuda "cuMemAlloc failed".
        r"out of memory|cudaErrorMemoryAllocation|memory ?allocation (failed|error)|CU[DF][ANF]\w*_ALLOC_FAILED",
        r"CUDA error:? (code )?2\b|cudaMalloc\w* failed|cuMemAlloc failed",
        # RELION says so of memory, not of a disk (3dem/relion#715).
        r"Allocate: No space left",
        # torch, TensorFlow (MPI-Dortmund/cryolo#7), CuPy.
        r"OutOfMemoryError|ResourceExhausted|Resource exhausted: OOM|OOM when allocating",
    ),
    _rule(
        "no-licence",
        "it has no licence",
        # None of the field's free programs has a licence server; FlexLM and its likes (MATLAB, cryoSPARC) say this.
        r"licen[cs]e\b.{0,60}\b(expired|invalid|denied|failed|exceeded|unavailable|missing|not (found|valid|exist))",
        r"\b(expired|invalid|missing|cannot|could not|unable|failed|no( valid)?)\b( \w+){0,4} licen[cs]e\b",
        r"licen[cs]e (does not exist|manager error|checkout)",
        r"licensed number of users already reached",
    ),
    _rule("disk-full", "a disk is full", r"no space left on device|disk quota exceeded|\bENOSPC\b|\bEDQUOT\b"),
    _rule(
        "bad-data",
        "it cannot read a file",
        # libtiff, by which all of them read TIFF; mrcfile, by which Python programs read MRC.
        r"not a TIFF( or MDI)? file|bad magic number|LZWDecode: (corrupted|strip)",
        r"not an MRC file, or file is corrupt|Map ID string not found",
        # RELION.
        r"support only 4096x4096 pixel EER",
    ),
    _rule(
        "crash",
        "it crashed: a fault of the program, or of an input that it does not check",
        # libc (czimaginginstitute/AreTomo3#23, of an mdoc that it could not read).
        r"malloc\(\): |free\(\): |munmap_chunk\(\)|realloc\(\): |double free|corrupted (double-linked list|size vs)",
        r"stack smashing detected|segmentation fault|ended by signal (4|6|7|8|11)\b",
        # An assertion of MotionCor and AreTomo follows each error of CUDA (czimaginginstitute/AreTomo3#36).
        r"Assertion [`'].*' failed|core dumped",
    ),
)


def cause(said: str, ending: str = "") -> Cause | None:
    """Return why a program failed, given all it said and how it ended: what it said last counts before the rest."""
    end = f"{said[-_END:]}\n{ending}"
    return next((found for text in (end, said) for rule in _RULES if (found := _found(rule, text))), None)


def _found(rule: _Rule, text: str) -> Cause | None:
    match = rule.pattern.search(text)
    if match is None:
        return None
    begin = text.rfind("\n", 0, match.start()) + 1
    line = text[begin : (text + "\n").find("\n", match.end())].rsplit("\r", 1)[-1].strip()
    shown = line if len(line) <= _LONGEST else match[0]
    return Cause(rule.kind, rule.words, shown)
