"""The settings that RELION shows of a job: those that describe what was done, under RELION's names."""

from collections.abc import Sequence

from tasks.formats.star_text import Value
from tasks.models import Acquisition, Alignment, Optics, Particles, Picks, Tomogram

_ROTATIONS = ("No rotation (0)", "90 degrees (1)", "180 degrees (2)", "270 degrees (3)")
_FLIPS = {"none": "No flipping (0)", "upside-down": "Flip upside down (1)", "left-right": "Flip left to right (2)"}


def yes_or_no(value: bool) -> str:
    """Return a truth value as RELION says it."""
    return "Yes" if value else "No"


def optics_options(optics: Optics, pixel_size: float) -> dict[str, Value]:
    """Return the settings of an import."""
    return {
        "angpix": pixel_size,
        "kV": optics.voltage,
        "Cs": optics.spherical_aberration,
        "Q0": optics.amplitude_contrast,
    }


def motion_options(movies: str, acquisition: Acquisition, binning: float) -> dict[str, Value]:
    """Return the settings of motion correction."""
    gain = acquisition.gain
    return {
        "input_star_mics": movies,
        "do_own_motioncor": "Yes",
        "bin_factor": binning,
        "dose_per_frame": acquisition.dose_per_frame,
        "eer_grouping": acquisition.eer.grouping,
        "fn_gain_ref": str(gain.path) if gain else "",
        "gain_rot": _ROTATIONS[gain.rotation if gain else 0],
        "gain_flip": _FLIPS[gain.flip if gain else "none"],
        "fn_defect": str(acquisition.defects or ""),
    }


def alignment_options(alignment: Alignment | None) -> dict[str, Value]:
    """Return the settings of an alignment; AreTomo's are what comes next to ours, and one must be chosen."""
    chosen: dict[str, Value] = {"do_aretomo": "Yes", "do_imod_fiducials": "No", "do_imod_patchtrack": "No"}
    if alignment is None or alignment.thickness is None:
        return chosen
    return {**chosen, "aretomo_thickness": alignment.thickness / 10}


def reconstruction_options(tomogram: Tomogram | None, pixel_size: float) -> dict[str, Value]:
    """Return the settings of a reconstruction; RELION counts the size of a tomogram in pixels of the images."""
    if tomogram is None:
        return {}
    depth, height, width = unbinned_size(tomogram, pixel_size)
    return {
        "binned_angpix": tomogram.voxel_size,
        "xdim": width,
        "ydim": height,
        "zdim": depth,
        "generate_split_tomograms": yes_or_no(tomogram.even is not None),
    }


def unbinned_size(tomogram: Tomogram, pixel_size: float) -> tuple[int, int, int]:
    """Return z, y and x of a tomogram in pixels of the images.

    RELION takes half of each for the centre of the specimen, which lies in the middle of our voxel n // 2. The numbers
    are even, because RELION halves odd ones in two ways.
    """
    binning = tomogram.voxel_size / pixel_size
    depth, height, width = (2 * round(length // 2 * binning) for length in tomogram.shape)
    return depth, height, width


def picking_options(micrographs: str, picks: Picks | None) -> dict[str, Value]:
    """Return the settings of picking."""
    diameter: dict[str, Value] = {"log_diam_min": picks.diameter, "log_diam_max": picks.diameter} if picks else {}
    return {"fn_input_autopick": micrographs, "do_log": "Yes", "do_topaz": "No", "do_refs": "No", **diameter}


def extraction_options(inputs: Sequence[str], particles: Particles | None) -> dict[str, Value]:
    """Return the settings of extraction; boxes are said as they were cut, in pixels of the micrograph."""
    micrographs, coordinates = inputs
    options: dict[str, Value] = {"star_mics": micrographs, "coords_suffix": coordinates}
    if particles is None:
        return options
    size = round(particles.box_size * particles.pixel_size / particles.micrograph.pixel_size)
    options |= {
        "extract_size": size,
        "do_rescale": yes_or_no(size != particles.box_size),
        "rescale": particles.box_size,
    }
    return options
