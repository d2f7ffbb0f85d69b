"""Which item of the ledger answers a request, and what the files are called that Murfey names in its requests.

Murfey finds its own rows by these names: those of 2D classes by the file of particles, those of 3D classes by the
folder of that file. So a batch has one file however often it grows, and all files for 3D classes are in one folder.
"""

import re
from pathlib import Path

from flows.murfey.asked import request_in
from tasks.ledger import Ledger, Session, requests_for
from tasks.murfey import Request, SpaBFactor, SpaClass2D, SpaClass3D, SpaExtract, SpaPreprocess, SpaRefine

FILES, DENSITIES = "particle_files", "densities"
_FILE = re.compile(r"particles_(\d+|all)\.star")


def file_of_batch(folder: Path, number: str) -> Path:
    """Return where the particles of a batch stand, in the folder of a session."""
    return folder / FILES / "2d" / f"particles_{number}.star"


def file_for_density(folder: Path, key: str) -> Path:
    """Return where the particles for a 3D classification stand, in the folder of a session."""
    return folder / FILES / "3d" / f"particles_{key}.star"


def folder_of_classes(folder: Path, key: str) -> Path:
    """Return the folder of a 3D classification, in the folder of a session."""
    return folder / DENSITIES / key / "classification_3d"


def item_of(ledger: Ledger, session: Session, request: Request) -> str:
    """Return the key of the item that answers a request.

    What the request names and we never named becomes a key as it is: such an item is given up with that reason, so
    that the request is answered. Of a B factor Murfey says only that it belongs to the refinement it asked for last.
    """
    match request:
        case SpaExtract():
            return _movie(ledger, session.name, request)
        case SpaClass2D():
            return _named(request.particles_file, session.folder / FILES / "2d")
        case SpaClass3D():
            return _named(request.particles_file, session.folder / FILES / "3d")
        case SpaRefine():
            return _density(request.class3d_dir, session.folder)
        case SpaBFactor():
            return _refined_last(ledger, session.name) or request.key
        case _:
            return request.key


def _movie(ledger: Ledger, session: str, request: SpaExtract) -> str:
    """Return the movie of a micrograph: the answer to its request named the micrograph as that request does."""
    for asked in requests_for(ledger, session, SpaPreprocess.recipe, str(request.micrographs_file)):
        known = request_in(asked)
        if isinstance(known, SpaPreprocess) and known.mrc_out == request.micrographs_file:
            return asked.item
    return str(request.micrographs_file)


def _refined_last(ledger: Ledger, session: str) -> str | None:
    asked = requests_for(ledger, session, SpaRefine.recipe)
    return asked[-1].item if asked else None


def _named(file: Path, folder: Path) -> str:
    """Return the number of a batch, or the size of a classification, that the name of our file says."""
    found = _FILE.fullmatch(file.name)
    return found[1] if found and file.parent == folder else str(file)


def _density(classes: Path, folder: Path) -> str:
    key = classes.parent.name
    return key if classes == folder_of_classes(folder, key) else str(classes)
