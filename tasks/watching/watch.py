"""What is watched, and how patiently."""

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from tasks.models import Model
from tasks.watching.names import Names


class Watch(Model):
    """The folders of a session, and how long is waited for what."""

    session: str
    """Name of a session that is open in the ledger."""
    kind: Literal["tomography", "spa"]
    """Of tomography, mdoc files are followed to group the movies."""
    folders: tuple[Path, ...] = Field(min_length=1)
    """Folders of movies and mdoc files; folders below are watched too, links to folders are not followed."""
    results: tuple[Path, ...] = ()
    """Folders below that hold results, which are not watched."""
    names: Names = Names()
    interval: PositiveFloat = 5.0
    """Seconds between looks."""
    settling: NonNegativeFloat = 10.0
    """Seconds for which a movie must not change."""
    mdoc_settling: NonNegativeFloat = 180.0
    """Seconds for which an mdoc file must not change: longer than a microscope takes for a tilt, since it appends."""
    quiet: NonNegativeFloat = 600.0
    """Seconds without news of a tilt series after which it arrives with the movies that are there."""
    patience: NonNegativeFloat = 600.0
    """Seconds for which a file may be broken, without changing, before it is given up."""
    margin: NonNegativeFloat = 10.0
    """Seconds for which a folder is listed again after it has changed: its file server may tell times coarsely."""
    everything: PositiveInt = 60
    """Each time after so many looks, every file is looked at again, whether its folder has changed or not."""
