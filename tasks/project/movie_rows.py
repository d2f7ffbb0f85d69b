"""What RELION wants to know of each movie of a single-particle session, job by job."""

from collections.abc import Sequence

from tasks.errors import InputError
from tasks.formats.star_text import Value
from tasks.models import Motion
from tasks.project.found import ProcessedMovie
from tasks.project.places import Places
from tasks.project.tilt_rows import Columns, ctf_columns, motion_columns
from tasks.project.tilt_stages import common

IMPORT, MOTION, CTF, PICK = "Import/job001", "MotionCorr/job002", "CtfFind/job003", "AutoPick/job004"

Kind = tuple[float, float, float, float]
"""Voltage, spherical aberration, amplitude contrast and pixel size of the movies."""


class Optics:
    """The optics groups of a session."""

    def __init__(self, movies: Sequence[ProcessedMovie]) -> None:
        self._numbers: dict[Kind, int] = {}
        self._sizes: dict[Kind, float] = {}
        for found in movies:
            kind = _kind(found)
            self._numbers.setdefault(kind, len(self._numbers) + 1)
            if found.motion:
                self._check(kind, found)

    def number(self, found: ProcessedMovie) -> int:
        """Return the group of a movie."""
        return self._numbers[_kind(found)]

    def rows(self, *, of_micrographs: bool) -> list[Columns]:
        """Return the table of the groups, of movies or of the micrographs made of them."""
        rows: list[Columns] = []
        for kind, number in self._numbers.items():
            voltage, aberration, contrast, pixel_size = kind
            size: Columns = {"rlnMicrographPixelSize": self._sizes.get(kind, pixel_size)} if of_micrographs else {}
            rows.append(
                {
                    "rlnOpticsGroupName": f"opticsGroup{number}",
                    "rlnOpticsGroup": number,
                    "rlnMicrographOriginalPixelSize": pixel_size,
                    "rlnVoltage": voltage,
                    "rlnSphericalAberration": aberration,
                    "rlnAmplitudeContrast": contrast,
                    **size,
                }
            )
        return rows

    def _check(self, kind: Kind, found: ProcessedMovie) -> None:
        size = found.motion.micrograph.pixel_size if found.motion else 0.0
        if self._sizes.setdefault(kind, size) != size:
            raise InputError(
                found.movie.path, f"a micrograph of {size:g} A pixels", f"{self._sizes[kind]:g} A as others"
            )


def imported(places: Places, optics: Optics, movies: Sequence[ProcessedMovie]) -> list[Columns]:
    """Return the rows of movies.star."""
    return [
        {"rlnMicrographMovieName": places.of(IMPORT, found.movie.path), "rlnOpticsGroup": optics.number(found)}
        for found in movies
    ]


def corrected(places: Places, optics: Optics, movies: Sequence[ProcessedMovie]) -> list[Columns]:
    """Return the rows of corrected_micrographs.star."""
    rows: list[Columns] = []
    for found in movies:
        if found.motion:
            columns = motion_columns(places, MOTION, found.motion, found.motion.micrograph.path)
            rows.append({**columns, **_unweighted(places, found.motion), "rlnOpticsGroup": optics.number(found)})
    return common(rows)


def fitted(places: Places, optics: Optics, movies: Sequence[ProcessedMovie]) -> list[Columns]:
    """Return the rows of micrographs_ctf.star."""
    rows: list[Columns] = []
    for found in movies:
        if found.motion and found.ctf:
            image: Columns = {
                "rlnMicrographName": places.of(MOTION, found.motion.micrograph.path),
                "rlnOpticsGroup": optics.number(found),
            }
            metadata: Columns = {"rlnMicrographMetadata": places.of(MOTION, found.motion.metadata)}
            rows.append({**image, **ctf_columns(found.ctf), **metadata})
    return _with_phases(rows)


def picked(places: Places, movies: Sequence[ProcessedMovie]) -> list[Columns]:
    """Return the rows of autopick.star."""
    rows: list[Columns] = []
    for found in movies:
        if found.motion and found.picks:
            micrograph = places.of(MOTION, found.motion.micrograph.path)
            # RELION 3.1 looks for the coordinates where the micrograph is in its job.
            label = micrograph.split("/")[-2]
            coordinates = places.of(PICK, found.picks.coordinates, label)
            rows.append({"rlnMicrographName": micrograph, "rlnMicrographCoordinates": coordinates})
    return rows


def _unweighted(places: Places, motion: Motion) -> Columns:
    image = motion.micrograph.unweighted
    return {"rlnMicrographNameNoDW": places.of(MOTION, image)} if image else {}


def _kind(found: ProcessedMovie) -> Kind:
    optics = found.movie.acquisition
    return optics.voltage, optics.spherical_aberration, optics.amplitude_contrast, optics.pixel_size


def _with_phases(rows: list[Columns]) -> list[Columns]:
    """Say the phase shift of every micrograph, if any has one."""
    if not any("rlnPhaseShift" in row for row in rows):
        return rows
    none: dict[str, Value] = {"rlnPhaseShift": 0.0}
    return [none | row for row in rows]
