"""Why a program of RELION failed, by its own words.

They stand anywhere in what it printed: on a GPU, pages of advice follow them.
"""

import re

from tasks.errors import CommandError, ResultError

_HANDLED = re.compile(r"WARNING: Exception \(.*?handled by switching to fail-safe mode", re.DOTALL)
_MEMORY = re.compile(
    # "Allocate: No space left" is how RELION says that there is no memory, not that a disk is full.
    r"ended by signal 9\b|bad_alloc|out of memory|Allocate: No space left|memory ?allocation|oom[-_ ]kill"
    r"|allocate memory",
    re.IGNORECASE,
)
_DIVERGED = re.compile(
    r"zero sum of weights|sum of weights for all orientations was\s+found to be zero|No orientation was found as better"
    r"|number of contributing orientations for an image\s+was found to be zero|exp_sum_weight\[img_id\]==0"
    r"|cannot find positive values in sigma2_noise|rlnMicrographScaleCorrection is very high"
    # So says auto-refinement of images that hold no numbers.
    r"|Empty MultidimArray!"
)
_CAUSES = {
    _MEMORY: "it ran out of memory, most likely: use fewer threads or processes, or do not hold the images in memory",
    re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE): "a disk is full",
    re.compile(r"The number of (particles|images).*too (small|few)"): "there are too few particles",
    re.compile(r"CUDA (error|driver)|cudaError|GPU-function failed|HIP error"): "a GPU failed",
}
_DIVERGENCE = "the refinement diverged: check the images, the reference and the CTF"
_END = 2000


def failure(error: CommandError, said: str) -> CommandError | ResultError:
    """Return what to raise for a program that failed, given all it printed: with the cause, without progress bars.

    What diverged does so each time: that is a result, and not worth another try.
    """
    first, _, rest = str(error).partition("\n")
    said = _HANDLED.sub("", said)
    causes = [cause for pattern, cause in _CAUSES.items() if pattern.search(f"{said}\n{error}")]
    if not _MEMORY.search(f"{said}\n{error}") and _DIVERGED.search(said):
        return ResultError("\n".join([first, end(rest), _DIVERGENCE, f"all it said is in {error.log}"]))
    return CommandError("\n".join([first, end(rest), *causes[:1]]), error.log)


def end(text: str) -> str:
    """Return the end of what a program printed, without what it overwrote on the same line."""
    lines = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return "\n".join(line for line in lines if "~~(,_," not in line)[-_END:].strip()
