"""Measure picking in tomograms: recall, precision and CPU seconds on simulated tilt series with the true alignment.

``python benchmarks/tomogram_picking.py --seeds 11 12 --distance 250``. The distance is the smallest one of two
ribosomes; with a large one there are few, or none. A pick counts if a ribosome that no other pick has is within 0.4 of
its diameter.
"""

import argparse
import resource
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from tasks.denoising import EmbeddedDenoising
from tasks.formats.coordinates import read_tomogram_coordinates
from tasks.formats.mrc import write_mrc
from tasks.models import Alignment, Ctf, ImagedTiltSeries, Micrograph, Tilt, TiltImage, Tomogram
from tasks.simulation import SimulatedTiltSeries, TiltSeriesTruth, simulate_tilt_images
from tasks.tomogram_picking import EmbeddedTomogramPicking
from tasks.tomogram_reconstruction import EmbeddedReconstruction

Places = npt.NDArray[np.float64]
DIAMETER = 270.0
WITHIN = 0.4
MARGIN = 0.25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--distance", type=float, default=250.0, help="smallest distance of two ribosomes in angstrom")
    parser.add_argument("--beads", type=int, default=8)
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        parameters = SimulatedTiltSeries(
            seed=seed,
            shape=(384, 384),
            pixel_size=8,
            tilt_step=3,
            frames=1,
            particle_distance=arguments.distance,
            beads=arguments.beads,
        )
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            tomogram, truth = reconstructed(parameters, folder)
            denoised = EmbeddedDenoising().denoise(tomogram, folder / "denoised")
            for kind, volume in (("not denoised", tomogram), ("denoised", denoised)):
                print(f"seed {seed}, {kind}: {judged(volume, truth, folder / kind)}", flush=True)


def reconstructed(parameters: SimulatedTiltSeries, folder: Path) -> tuple[Tomogram, TiltSeriesTruth]:
    """Simulate a tilt series and reconstruct it by its true alignment and CTF."""
    images, truth = simulate_tilt_images(parameters)
    stack = folder / "stack.mrc"
    write_mrc(stack, images, parameters.pixel_size, stack=True)
    tilts = []
    for section, tilt in enumerate(truth.tilts):
        image = Micrograph(path=stack, pixel_size=parameters.pixel_size, section=section)
        exposure = {"name": tilt.name, "angle": tilt.nominal_angle, "number": tilt.number, "source": image}
        defocus = {"defocus_u": tilt.defocus.u, "defocus_v": tilt.defocus.v, "defocus_angle": tilt.defocus.angle}
        fit = {"resolution": 20, "figure_of_merit": 1, "ice_ring": 0, "diagnostic": stack, "profile": stack}
        ctf = Ctf.model_validate({**defocus, **fit, "program": "truth"})
        taken = Tilt.model_validate({**exposure, "pre_exposure": tilt.pre_exposure})
        tilts.append(TiltImage(tilt=taken, micrograph=image, ctf=ctf))
    series = ImagedTiltSeries(name="ts_01", images=tuple(tilts), tilt_axis_angle=truth.tilt_axis_angle)
    true = tuple(tilt.alignment for tilt in truth.tilts)
    alignment = Alignment(tilts=true, tilt_axis_angle=truth.tilt_axis_angle, score=1, transforms=stack, program="truth")
    reconstructor = EmbeddedReconstruction(binning=2, thickness=parameters.thickness + 500)
    return reconstructor.reconstruct(series, alignment, folder / "reconstructed"), truth


def judged(tomogram: Tomogram, truth: TiltSeriesTruth, folder: Path) -> str:
    """Pick a tomogram and compare with the ribosomes that do not lie at its faces."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    picks = EmbeddedTomogramPicking(diameter=DIAMETER).pick("ts_01", tomogram, folder)
    seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    places, _ = read_tomogram_coordinates(picks.coordinates)
    true = np.array(truth.particles).reshape(-1, 3)
    half = np.array(tomogram.shape[::-1]) * tomogram.voxel_size / 2 - MARGIN * DIAMETER
    inside = (np.abs(true) < half).all(axis=1)
    hit = matched(places, true)
    recall = np.isin(np.flatnonzero(inside), hit).sum() / max(int(inside.sum()), 1)
    precision = np.count_nonzero(hit >= 0) / max(len(places), 1)
    offsets = places[hit >= 0] - true[hit[hit >= 0]]
    error = np.sqrt(np.mean(np.square(offsets), axis=0)).round() if len(offsets) else "-"
    found = f"recall {recall:.3f} of {inside.sum()}, precision {precision:.3f} of {len(places)}"
    return f"{found}, rms error {error} angstrom, {seconds:.1f} CPU s"


def matched(found: Places, true: Places) -> npt.NDArray[np.int64]:
    """Return for each pick, the best first, the nearest particle that no other has; -1 for none."""
    hits = np.full(len(found), -1)
    if not len(found) or not len(true):
        return hits
    tree = cKDTree(true)
    taken: set[int] = set()
    for index, place in enumerate(found):
        near = sorted(
            tree.query_ball_point(place, WITHIN * DIAMETER), key=lambda one: np.linalg.norm(true[one] - place)
        )
        free = [one for one in near if one not in taken]
        if free:
            hits[index] = free[0]
            taken.add(free[0])
    return hits


if __name__ == "__main__":
    main()
