"""Easymode (Last et al.): general networks for many features of cells."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import Field

from tasks.command import Flag, flags, run
from tasks.distribution import distribution_version
from tasks.errors import CommandError, InputError
from tasks.models import Device, Executable, Model, Tomogram
from tasks.models.segmentation import Feature, Segmentation
from tasks.segmentation.volumes import above, accept, check, feature

_Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]
_CERTAIN = 127
"""What Easymode writes for a probability of 1."""
_HIDE_GPUS = {"CUDA_VISIBLE_DEVICES": ""}
# It ends well also when it has done nothing.
_NO_MODEL = re.compile(
    r"^.*(?:[Nn]o .*model available for|not in the local cache|Could not find model).*$", re.MULTILINE
)


class Easymode(Model):
    """Easymode 1.2: one network for each feature."""

    tool: Literal["easymode"] = "easymode"
    executable: Executable = "easymode"
    features: tuple[_Name, ...] = Field(default=("membrane", "ribosome", "microtubule", "tric"), min_length=1)
    """What is looked for, by the names that "easymode list" tells."""
    models: Path | None = None
    """Folder of the networks, as "easymode download" fills it. None leaves it to the program, which looks where its
    user has set it and fetches from the internet what is not there."""
    variant: Annotated[str | None, Flag("--version")] = None
    """Which version of the networks; None for the usual one of each."""
    augmentation: Annotated[int, Flag("--tta"), Field(ge=1, le=16)] = 2
    """In how many orientations each place is looked at; more is slightly better and takes as many times as long."""
    tile: tuple[int, int, int] | None = None
    """Voxels in z, y and x that are looked at at once; None for 160 x 256 x 256. Fewer need less memory."""
    overlap: Annotated[int | None, Flag("--overlap"), Field(ge=0)] = None
    """Voxels by which tiles overlap; None for 32."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Least probability of a labelled voxel."""
    device: Device = "cuda"
    """The program takes the GPUs that there are; with cpu, it is not shown any (hours per feature)."""

    def version(self) -> str:
        """Ask the Python that has Easymode for its version."""
        return f"Easymode {distribution_version(self.executable, 'easymode')}"

    def segment(self, tomogram: Tomogram, folder: Path) -> Segmentation:
        """Find the features of a tomogram; leave the log in the folder."""
        check(tomogram)
        if self.models is not None and not self.models.is_dir():
            raise InputError("models", f"no folder {self.models}", "a folder that easymode download has filled")
        program = self.version()
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{tomogram.path.stem}_easymode.log"
        with TemporaryDirectory(prefix=f".{tomogram.path.stem}.", dir=folder) as beside, self._settings() as variables:
            said = run(self.command(tomogram, Path(beside)), cwd=folder, log=log, environment=variables)
            found = tuple(self._feature(name, tomogram, Path(beside), said, log) for name in self.features)
        return Segmentation(
            tomogram=tomogram.path,
            features=found,
            voxel_size=tomogram.voxel_size,
            shape=tomogram.shape,
            program=program,
        )

    def command(self, tomogram: Tomogram, output: Path) -> list[str]:
        """Return the command that writes a volume of probabilities for each feature to a folder."""
        tile = ["--tile", "x".join(map(str, self.tile))] if self.tile else []
        paths = ["--data", str(tomogram.path), "--output", str(output)]
        return [self.executable, "segment", *self.features, *paths, "--format", "int8", *flags(self), *tile]

    @contextmanager
    def _settings(self) -> Iterator[dict[str, str]]:
        """Give the variables of the program: it reads the folder of its networks from the home of its user only."""
        hidden = _HIDE_GPUS if self.device == "cpu" else {}
        if self.models is None:
            yield hidden
            return
        with TemporaryDirectory(prefix="easymode-") as home:
            settings = Path(home) / "easymode" / "settings.txt"
            settings.parent.mkdir()
            settings.write_text(json.dumps({"MODEL_DIRECTORY": str(self.models.resolve())}))
            yield {**hidden, "HOME": home}

    def _feature(self, name: str, tomogram: Tomogram, written: Path, said: str, log: Path) -> Feature:
        """Put into place what the program wrote of a feature."""
        stem = tomogram.path.stem
        found = written / f"{stem}__{name}.mrc"
        if not found.is_file():
            raise _failure(name, said, log)
        scores, labels = log.with_name(f"{stem}_{name}_scores.mrc"), log.with_name(f"{stem}_{name}.mrc")
        accept(found, scores, tomogram, "Easymode")
        return feature(name, above(scores, self.threshold * _CERTAIN, labels, tomogram.voxel_size), scores)


def _failure(name: str, said: str, log: Path) -> InputError | CommandError:
    """Return why nothing was written of a feature: there is no network for it, or the program failed."""
    if missing := _NO_MODEL.search(said):
        return InputError(f"features: {name}", missing[0].strip(), "a network that is there; see easymode list")
    return CommandError(f"Easymode ended well but wrote nothing of {name}; it last said:\n{said[-2000:].strip()}", log)
