"""What RELION wants to know of a movie of a single-particle session, job by job."""

from tasks.formats.star_text import Value
from tasks.models import Micrograph
from tasks.project.found import ProcessedMovie
from tasks.project.places import Places
from tasks.project.tilt_rows import Columns, ctf_columns, motion_columns

IMPORT, MOTION, CTF, PICK = "Import/job001", "MotionCorr/job002", "CtfFind/job003", "AutoPick/job004"

MOVIES, IMAGES = f"{IMPORT}/movies.star", f"{IMPORT}/micrographs.star"
MOVED = f"{MOTION}/corrected_micrographs.star"
FITTED = f"{CTF}/micrographs_ctf.star"
PICKED = f"{PICK}/autopick.star"
BLOCKS = {
    MOVIES: "movies",
    IMAGES: "micrographs",
    MOVED: "micrographs",
    FITTED: "micrographs",
    PICKED: "coordinate_files",
}


def kind_of(found: ProcessedMovie) -> tuple[float, ...]:
    """Return voltage, spherical aberration, amplitude contrast and pixel size of what was recorded."""
    optics = found.movie.acquisition
    return optics.voltage, optics.spherical_aberration, optics.amplitude_contrast, optics.pixel_size


def rows_of(places: Places, found: ProcessedMovie, group: int) -> dict[str, Columns]:
    """Return the rows of a movie, or of an image that was summed already, by the tables."""
    image, rows = found.image, dict[str, Columns]()
    if found.summed is None:
        rows[MOVIES] = {"rlnMicrographMovieName": places.of(IMPORT, found.movie.path), "rlnOpticsGroup": group}
    else:
        rows[IMAGES] = {"rlnMicrographName": place_of_image(places, found, found.summed), "rlnOpticsGroup": group}
    if found.motion:
        columns = motion_columns(places, MOTION, found.motion, found.motion.micrograph.path)
        rows[MOVED] = {**columns, **_unweighted(places, found.motion.micrograph), "rlnOpticsGroup": group}
    if image:
        name: Columns = {"rlnMicrographName": place_of_image(places, found, image)}
        if found.ctf:
            rows[FITTED] = {**name, "rlnOpticsGroup": group, **ctf_columns(found.ctf), **_metadata(places, found)}
        if found.picks:
            # RELION 3.1 looks for the coordinates where the micrograph is in its job.
            label = str(name["rlnMicrographName"]).split("/")[-2]
            rows[PICKED] = {**name, "rlnMicrographCoordinates": places.of(PICK, found.picks.coordinates, label)}
    return rows


def place_of_image(places: Places, found: ProcessedMovie, image: Micrograph) -> str:
    """Return the path of a corrected or imported image in the project."""
    return places.of(MOTION if found.motion else IMPORT, image.path)


def _metadata(places: Places, found: ProcessedMovie) -> Columns:
    return {"rlnMicrographMetadata": places.of(MOTION, found.motion.metadata)} if found.motion else {}


def _unweighted(places: Places, image: Micrograph) -> dict[str, Value]:
    return {"rlnMicrographNameNoDW": places.of(MOTION, image.unweighted)} if image.unweighted else {}
