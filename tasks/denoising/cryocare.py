"""cryoCARE (Buchholz et al. 2019, doi:10.1109/ISBI.2019.8759519): a network that learns from the halves themselves."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from tasks.command import run
from tasks.distribution import distribution_version
from tasks.errors import InputError, ResultError
from tasks.formats.mrc import header
from tasks.models import Device, Executable, Model, Tomogram

Parameters = dict[str, object]
_HIDE_GPUS = {"CUDA_VISIBLE_DEVICES": ""}
# It is written for Keras 2, which TensorFlow from 2.16 on has as a package beside it (tf-keras).
_KERAS_2 = {"TF_USE_LEGACY_KERAS": "1"}
_NETWORK = "cryocare"
# cryoCARE 0.3.0 crashes where it finds no GPU, unless it is told which one to look for in vain.
_NO_GPU = {"gpu_id": 0}


class CryoCare(Model):
    """cryoCARE 0.2 or 0.3: trains a network on the halves of the tomogram, or takes one that was trained before."""

    tool: Literal["cryocare"] = "cryocare"
    extract_executable: Executable = "cryoCARE_extract_train_data.py"
    train_executable: Executable = "cryoCARE_train.py"
    predict_executable: Executable = "cryoCARE_predict.py"
    network: Path | None = None
    """A trained network (.tar.gz), as of an earlier tomogram of the session; None trains one for each tomogram, which
    takes hours. The network that was trained is kept beside the denoised tomogram."""
    patch_size: int = Field(default=72, ge=64, multiple_of=8)
    """Edge in voxels of the cubes that are trained on; a tomogram must be more than twice as long in each direction."""
    patches: PositiveInt = 1200
    """Cubes that are taken from the tomogram."""
    training_share: float = Field(default=0.9, ge=0.5, lt=1)
    """Share of the cubes that is trained on; the rest tells how good the network has become."""
    tilt_axis: Literal["X", "Y", "Z"] = "Y"
    """Direction of the tilt axis in the tomogram; Y in the tomograms of all reconstructors here."""
    normalisation_patches: PositiveInt = 500
    """Cubes from which the grey values are normalised."""
    epochs: PositiveInt = 100
    steps_per_epoch: PositiveInt = 200
    batch: PositiveInt = 16
    """Cubes that are trained on at once; fewer need less memory."""
    kernel: Literal[3, 5, 7] = 3
    """Edge in voxels of the kernels of the network."""
    depth: PositiveInt = 3
    """Depth of the network."""
    first_features: PositiveInt = 16
    """Features of the first layer of the network."""
    learning_rate: PositiveFloat = 0.0004
    tiles: tuple[PositiveInt, PositiveInt, PositiveInt] = (1, 1, 1)
    """Parts in z, y and x in which the tomogram is denoised; the program takes more if its memory does not do."""
    device: Device = "cuda"
    """The program takes the GPUs that there are; with cpu, it is not shown any."""

    def version(self) -> str:
        """Ask the Python that has cryoCARE for its version."""
        return f"cryoCARE {distribution_version(self.predict_executable, 'cryoCARE')}"

    def denoise(self, tomogram: Tomogram, folder: Path) -> Tomogram:
        """Denoise a tomogram by its halves; leave the logs in the folder."""
        even, odd = self._halves(tomogram)
        program = self.version()
        folder.mkdir(parents=True, exist_ok=True)
        stem = tomogram.path.stem
        with TemporaryDirectory(prefix=f".{stem}_denoised.", dir=folder) as beside:
            network = self.network or self._trained(even, odd, Path(beside), folder / stem)
            said = self.prediction(network, even, odd, Path(beside) / "denoised")
            self._run(self.predict_executable, said, Path(beside), folder / f"{stem}_cryocare_predict.log")
            # It is named as the even half.
            written = Path(beside) / "denoised" / even.name
            if not written.is_file():
                raise ResultError(f"cryoCARE ended well but did not write {written.name} of {tomogram.path}")
            if header(written).shape != tomogram.shape:
                raise ResultError(f"cryoCARE made {header(written).shape} voxels of {tomogram.shape}")
            target = written.replace(folder / f"{stem}_denoised.mrc")
        return tomogram.model_copy(update={"path": target, "even": None, "odd": None, "program": program})

    def extraction(self, even: Path, odd: Path, data: Path) -> Parameters:
        """Return what cryoCARE_extract_train_data.py reads."""
        return {
            "even": [str(even)],
            "odd": [str(odd)],
            "patch_shape": [self.patch_size] * 3,
            "num_slices": self.patches,
            "split": self.training_share,
            "tilt_axis": self.tilt_axis,
            "n_normalization_samples": self.normalisation_patches,
            "path": str(data),
        }

    def training(self, data: Path, output: Path) -> Parameters:
        """Return what cryoCARE_train.py reads."""
        return {
            "train_data": str(data),
            "epochs": self.epochs,
            "steps_per_epoch": self.steps_per_epoch,
            "batch_size": self.batch,
            "unet_kern_size": self.kernel,
            "unet_n_depth": self.depth,
            "unet_n_first": self.first_features,
            "learning_rate": self.learning_rate,
            "model_name": _NETWORK,
            "path": str(output),
        }

    def prediction(self, network: Path, even: Path, odd: Path, output: Path) -> Parameters:
        """Return what cryoCARE_predict.py reads."""
        return {
            "path": str(network),
            "even": str(even),
            "odd": str(odd),
            "n_tiles": list(self.tiles),
            "output": str(output),
            "overwrite": True,
        }

    def _halves(self, tomogram: Tomogram) -> tuple[Path, Path]:
        """Return the halves, if cryoCARE can do with them."""
        if tomogram.even is None or tomogram.odd is None:
            raise InputError(
                tomogram.path, "no halves", "volumes of the even and odd frames, from which cryoCARE learns"
            )
        if self.network is not None and not self.network.is_file():
            raise InputError("network", f"no file {self.network}", "a network that cryoCARE has trained (.tar.gz)")
        for half in (tomogram.even, tomogram.odd):
            if header(half).shape != tomogram.shape:
                raise InputError(half, f"{header(half).shape} voxels", str(tomogram.shape))
        if self.network is None and min(tomogram.shape) <= 2 * self.patch_size:
            found = f"{min(tomogram.shape)} voxels across"
            raise InputError(tomogram.path, found, f"more than twice the patches to train on ({self.patch_size})")
        return tomogram.even, tomogram.odd

    def _trained(self, even: Path, odd: Path, beside: Path, kept: Path) -> Path:
        """Train a network on the halves; it is kept."""
        data, output = beside / "data", beside / "network"
        output.mkdir()
        log = kept.with_name(f"{kept.name}_cryocare_extract.log")
        self._run(self.extract_executable, self.extraction(even, odd, data), beside, log)
        log = kept.with_name(f"{kept.name}_cryocare_train.log")
        self._run(self.train_executable, self.training(data, output), beside, log)
        written = output / f"{_NETWORK}.tar.gz"
        if not written.is_file():
            raise ResultError(f"cryoCARE ended well but kept no network; see {log}")
        return written.replace(kept.with_name(f"{kept.name}_cryocare.tar.gz"))

    def _run(self, executable: str, said: Parameters, beside: Path, log: Path) -> None:
        """Run a step with what it is to read."""
        configuration = beside / f"{Path(executable).stem}.json"
        computing = _NO_GPU if self.device == "cpu" and executable != self.extract_executable else {}
        configuration.write_text(json.dumps(said | computing, indent=1))
        variables = _KERAS_2 | (_HIDE_GPUS if self.device == "cpu" else {})
        run([executable, "--conf", str(configuration)], cwd=beside, log=log, environment=variables)
