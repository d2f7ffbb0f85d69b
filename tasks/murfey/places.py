"""What the paths in messages say of where a project is, and whose it is."""

import hashlib
import re
from itertools import pairwise
from pathlib import Path

from tasks.errors import InputError

_JOBS = {
    *("Import", "MotionCorr", "IceBreaker", "CtfFind", "AutoPick", "Extract", "Select"),
    *("Class2D", "InitialModel", "Class3D", "Refine3D", "MaskCreate", "PostProcess", "BFactors"),
    *("ExcludeTiltImages", "AlignTiltSeries", "Tomograms", "Denoise", "Segmentation"),
}
"""Folders of a project that hold its jobs."""
_JOB = re.compile(r"job\d*|bfactor_\d+")
_VISIT = re.compile(r"[A-Za-z]{2}\d+-\d+")
"""A proposal, and a number of the stay."""
_PROCESSED = "processed"


def project_of(path: Path) -> Path:
    """Return the folder of a project from the path of a file or folder of one of its jobs."""
    _refuse_relative(path)
    parts = path.parts
    for place, (folder, job) in enumerate(pairwise(parts)):
        # The first one: what follows may repeat the folders of the movies, whatever these are called.
        if folder in _JOBS and _JOB.fullmatch(job) and place > 1:
            return Path(*parts[:place])
    raise InputError(path, "not below a job of a project", "a path such as /.../MotionCorr/job002/Movies/...")


def visit_of(project: Path, processed: str = _PROCESSED) -> Path | None:
    """Return the folder of the visit of a project: one named as visits are, or above the processed data."""
    _refuse_relative(project)
    for folder in reversed([project, *project.parents]):
        if _VISIT.fullmatch(folder.name):
            return folder
    for folder in reversed([project, *project.parents]):
        if folder.name == processed and folder.parent.name:
            return folder.parent
    return None


def session_name(project: Path, processed: str = _PROCESSED) -> str:
    """Return the name of a session: that of the visit and of the data in it, as in cm12345-1-raw7."""
    visit = visit_of(project, processed)
    if visit is None:
        # Nothing tells such a folder from another one of the same name.
        digest = hashlib.blake2b(str(project).encode(), digest_size=4).hexdigest()
        return _clean(f"{project.name}-{digest}")
    below = project.relative_to(visit).parts
    levels = below[1:] if below[:1] == (processed,) else below
    return _clean("-".join((visit.name, *levels)))


def secure(path: Path, *roots: Path) -> Path:
    """Return a path that may be written to; refuse one that is below none of some folders, also by way of links."""
    _refuse_relative(path)
    if ".." in path.parts or not any(_is_below(path, root) for root in roots):
        raise InputError(path, "a path that leads elsewhere", f"one below {' or '.join(map(str, roots))}")
    return path


def _is_below(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and path.resolve().is_relative_to(root.resolve())


def _refuse_relative(path: Path) -> None:
    if not path.is_absolute():
        raise InputError(path, "a relative path", "an absolute path")


def _clean(name: str) -> str:
    """Leave only characters that are safe in addresses and file names."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)
