"""Simulated tilt series of a slab of a cell."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.formats.mrc import write_mrc
from tasks.models import Movie
from tasks.simulation.mdoc import write_mdoc
from tasks.simulation.movie_files import write_frames
from tasks.simulation.scene import Scene
from tasks.simulation.tilt_setup import TiltSetup
from tasks.simulation.truth import TiltSeriesTruth


class SimulatedTiltSeries(TiltSetup):
    """A tilt series of a slab of a cell, with known truth."""

    def simulate(self, folder: Path) -> TiltSeriesTruth:
        """Write movies, gain reference, mdoc, the true volume and truth.json to a folder."""
        scene = Scene.build(self)
        acquisition = self.acquisition(folder, self.dose / self.frames)
        tilts = []
        for tilt in scene.truth.tilts:
            path = folder / "frames" / f"{tilt.name}.{self.frame_format}"
            counts = scene.expose(tilt, self.frames).counts(scene.camera, self.random(4, tilt.number))
            write_frames(path, counts, self.pixel_size, self.random(7, tilt.number))
            movie = Movie(path=path, acquisition=acquisition, pre_exposure=tilt.pre_exposure)
            tilts.append(tilt.model_copy(update={"movie": movie}))
        volume = folder / f"{self.name}_truth.mrc"
        write_mrc(volume, scene.volume(), scene.truth.voxel_size)
        mdoc = folder / f"{self.name}.mdoc"
        gain = acquisition.gain and acquisition.gain.path
        found = scene.truth.model_copy(update={"tilts": tuple(tilts), "gain": gain, "volume": volume, "mdoc": mdoc})
        write_mdoc(mdoc, found)
        found.write(folder / "truth.json")
        return found


def simulate_tilt_images(parameters: SimulatedTiltSeries) -> tuple[npt.NDArray[np.float32], TiltSeriesTruth]:
    """Return one image per tilt (tilts, ny, nx), in order of the tilt angle, and the truth; writes nothing.

    The images have the whole dose, no motion within a tilt, no camera artefacts, and a mean of 1.
    """
    scene = Scene.build(parameters)
    return np.stack([scene.image(tilt) for tilt in scene.truth.tilts]), scene.truth


def true_volume(parameters: SimulatedTiltSeries) -> npt.NDArray[np.float32]:
    """Return the specimen in volt on voxels (nz, ny, nx), dense material dark (negative)."""
    return Scene.build(parameters).volume()
