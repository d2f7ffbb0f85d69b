"""MemBrain-seg (Lamm et al. 2024, doi:10.1101/2024.01.05.574336): membranes by a trained network."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from tasks.command import Flag, flags, run
from tasks.distribution import distribution_version
from tasks.errors import InputError, ResultError
from tasks.models import Device, Executable, Model, Tomogram
from tasks.models.segmentation import Feature, Segmentation
from tasks.segmentation.volumes import accept, check, counted

_HIDE_GPUS = {"CUDA_VISIBLE_DEVICES": ""}


class MembrainSeg(Model):
    """MemBrain-seg 0.0.x with weights of the site."""

    tool: Literal["membrain_seg"] = "membrain_seg"
    executable: Executable = "membrain"
    checkpoint: Annotated[Path, Flag("--ckpt-path")]
    """File of the trained network, such as MemBrain_seg_v10_beta.ckpt; it does not come with the program."""
    rescale_patches: bool = True
    """Let the program scale what it looks at to the voxel size below, for which its networks were trained."""
    network_voxel_size: Annotated[PositiveFloat, Flag("--out-pixel-size")] = 10.0
    """Voxel size in angstrom for which the network was trained; the labels are on the voxels of the tomogram."""
    test_time_augmentation: bool = True
    """Look at each place mirrored in eight ways and take the mean: slightly better, eight times as long."""
    threshold: Annotated[float, Flag("--segmentation-threshold")] = 0.0
    """Least score of a voxel of a membrane."""
    smallest_part: Annotated[PositiveInt | None, Flag("--connected-component-thres")] = None
    """Least number of voxels of a connected part; smaller ones are dropped. None keeps all."""
    window: Annotated[int, Flag("--sliding-window-size"), Field(ge=32, multiple_of=32)] = 160
    """Edge in voxels of what is looked at at once; a smaller one needs less memory and finds membranes less well."""
    keep_scores: bool = False
    """Keep the volume of the scores, too (4 bytes per voxel)."""
    device: Device = "cuda"
    """The program takes a GPU if there is one; with cpu, it is not shown any (hours per tomogram)."""

    def version(self) -> str:
        """Ask the Python that has MemBrain-seg for its version."""
        return f"MemBrain-seg {distribution_version(self.executable, 'membrain-seg')}"

    def segment(self, tomogram: Tomogram, folder: Path) -> Segmentation:
        """Find the membranes of a tomogram; leave the log in the folder."""
        if not self.checkpoint.is_file():
            raise InputError("checkpoint", f"no file {self.checkpoint}", "the weights of a network of MemBrain-seg")
        check(tomogram)
        program = f"{self.version()} ({self.checkpoint.name})"
        folder.mkdir(parents=True, exist_ok=True)
        stem = tomogram.path.stem
        with TemporaryDirectory(prefix=f".{stem}_segmented.", dir=folder) as beside:
            hidden = _HIDE_GPUS if self.device == "cpu" else None
            command = self.command(tomogram, Path(beside))
            run(command, cwd=folder, log=folder / f"{stem}_membrain.log", environment=hidden)
            membrane = self._feature(tomogram, Path(beside), folder)
        return Segmentation(
            tomogram=tomogram.path,
            features=(membrane,),
            voxel_size=tomogram.voxel_size,
            shape=tomogram.shape,
            program=program,
        )

    def command(self, tomogram: Tomogram, output: Path) -> list[str]:
        """Return the command that writes the numbered parts of membranes to a folder."""
        switches = {
            "rescale-patches": self.rescale_patches,
            "test-time-augmentation": self.test_time_augmentation,
            "store-probabilities": self.keep_scores,
            "store-connected-components": True,
        }
        words = [f"--{name}" if is_on else f"--no-{name}" for name, is_on in switches.items()]
        paths = ["--tomogram-path", str(tomogram.path), "--out-folder", str(output)]
        size = ["--in-pixel-size", f"{tomogram.voxel_size:.10g}"]
        return [self.executable, "segment", *paths, *size, *flags(self), *words]

    def _feature(self, tomogram: Tomogram, written: Path, folder: Path) -> Feature:
        """Put into place what the program wrote; it names it by the tomogram and the weights."""
        stem = tomogram.path.stem
        network = self.checkpoint.name.split("-val_loss")[0]
        found = written / f"{stem}_{network}_segmented.mrc"
        if not found.is_file():
            others = ", ".join(sorted(path.name for path in written.iterdir())) or "nothing"
            raise ResultError(f"MemBrain-seg ended well but wrote {others}; expected {found.name}")
        labels, scores = folder / f"{stem}_segmented.mrc", folder / f"{stem}_scores.mrc"
        if self.keep_scores:
            accept(written / scores.name, scores, tomogram, "MemBrain-seg")
        accept(found, labels, tomogram, "MemBrain-seg")
        count = counted(labels)
        kept = scores if self.keep_scores else None
        return Feature(name="membrane", labels=labels, scores=kept, fraction=count.fraction, parts=count.largest)
