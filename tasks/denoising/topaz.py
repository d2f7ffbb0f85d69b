"""Topaz (Bepler et al. 2020, doi:10.1038/s41467-020-18952-1): a trained network for tomograms."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from tasks.command import Flag, flags, run
from tasks.errors import ResultError
from tasks.formats.emptiness import refuse_empty
from tasks.formats.mrc import header
from tasks.models import Device, Executable, Model, Threads, Tomogram
from tasks.topaz import DEVICES, THIS_PYTHON, read_version, start, topaz_version


class Topaz(Model):
    """Topaz denoise3d with one of the networks that come with it, or one of your own."""

    tool: Literal["topaz"] = "topaz"
    executable: Executable = THIS_PYTHON
    """The Python that has Topaz installed; "python" is the one that runs this."""
    model: Annotated[str, Field(min_length=1), Flag("-m")] = "unet-3d-10a"
    """unet-3d-10a or unet-3d-20a, for tomograms of about 10 or 20 angstrom, or the path of a trained network."""
    patch_size: Annotated[PositiveInt, Flag("-s")] = 96
    """Edge in voxels of the patches that are denoised one after another."""
    patch_padding: Annotated[NonNegativeInt, Flag("-p")] = 48
    """Voxels around each patch against seams."""
    device: Device = "cpu"
    threads: Annotated[Threads, Flag("-j")] = 1

    def version(self) -> str:
        """Return name and version of the program."""
        return topaz_version(self.executable)

    def denoise(self, tomogram: Tomogram, folder: Path) -> Tomogram:
        """Denoise a tomogram."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{tomogram.path.stem}_denoised.mrc"
        with TemporaryDirectory(prefix=f".{target.stem}.", dir=folder) as beside:
            command = self.command(tomogram.path, Path(beside))
            program = read_version(run(command, cwd=folder, log=folder / f"{tomogram.path.stem}_topaz.log"))
            _accept(Path(beside) / f"{tomogram.path.stem}.mrc", target, tomogram)
        return tomogram.model_copy(update={"path": target, "even": None, "odd": None, "program": program})

    def command(self, volume: Path, output: Path) -> list[str]:
        """Return the command that writes the denoised volume to a folder."""
        return [
            *start(self.executable),
            "denoise3d",
            "-d",
            DEVICES[self.device],
            *flags(self),
            "-o",
            str(output),
            str(volume),
        ]


def _accept(written: Path, target: Path, tomogram: Tomogram) -> None:
    """Move what Topaz wrote into place if it is the volume that was asked for."""
    if not written.is_file():
        raise ResultError(f"Topaz ended well but did not write {written.name} of {tomogram.path}")
    found = header(written).shape
    if found != tomogram.shape:
        raise ResultError(f"Topaz made {found} voxels of {tomogram.path}, which has {tomogram.shape}")
    refuse_empty(written, "Topaz")
    written.replace(target)
