"""The pictures that ISPyB's pages show of a result, each made once and kept beside what it is of.

None stands for what cannot be pictured. The pages ask for some by the name of the file that they are of: ``x.mrc`` has
``x_thumbnail.jpeg`` and ``x_movie.png`` beside it.
"""

from collections.abc import Mapping
from pathlib import Path

from flows.ispyb.drawing import beside, drawn
from flows.ispyb.exposures import ExposurePictures
from flows.ispyb.series import SeriesPictures
from flows.records import SHIFTS
from tasks.formats.coordinates import read_coordinates
from tasks.images import picture_image, save_picture
from tasks.images.alignments import picture_alignment
from tasks.images.averages import picture_average
from tasks.images.films import write_film
from tasks.images.picks import picture_picks
from tasks.images.pictures import Levels, read_picture
from tasks.images.scatter import write_scatter
from tasks.images.volumes import film_through, picture_central, picture_projection
from tasks.models import Alignment, Ctf, Micrograph, Model, Motion, Picks, TiltAlignment, Tomogram
from tasks.models.classes import Classes2D
from tasks.particle_picking.naming import name_of

FOLDER = "pictures"
"""Folder of the pictures of an exposure, among the folders of its steps."""
_SNAPSHOT, _TILT = 1024, 512
"""Longest sides in pixels."""
_SMOOTHING = 1.0
"""Pixels."""
_TILT_MILLISECONDS = 150
_AXES = ("x (angstrom)", "y (angstrom)")


class VolumePictures(Model):
    """Pictures of a volume or a stack, beside it, named as the pages ask for them; None for what could not be drawn."""

    thumbnail: Path | None = None
    """The middle."""
    movie: Path | None = None
    """From the first to the last."""


def pictures_of_micrograph(
    folder: Path,
    micrograph: Micrograph,
    motion: Motion | None = None,
    ctf: Ctf | None = None,
    picks: Picks | None = None,
) -> ExposurePictures:
    """Picture what was found of an exposure, in the folder of its results."""
    below, name = folder / FOLDER, name_of(micrograph)
    return ExposurePictures(
        micrograph=_snapshot(below / f"{name}.jpeg", micrograph),
        drift=_drift(below / f"{name}_drift_plot.json", motion) if motion else None,
        spectrum=_spectrum(below / f"{name}_ctf.jpeg", ctf) if ctf else None,
        picks=_marks(below / f"{name}_picks.jpeg", picks) if picks else None,
    )


def pictures_of_classes(classes: Classes2D) -> dict[int, Path]:
    """Picture each class average, beside the stack of all; by their numbers."""
    found = {each.number: _average(classes.averages, each.number) for each in classes.classes}
    return {number: path for number, path in found.items() if path}


def pictures_of_tomogram(
    name: str, tomogram: Tomogram, alignment: Alignment, images: Mapping[str, Micrograph]
) -> SeriesPictures:
    """Picture a tomogram and the alignment of its series, beside it; the images are those of the tilts by their names.

    Nothing is drawn of images that are not known.
    """
    path = tomogram.path
    volume = pictures_of_volume(path)
    return SeriesPictures(
        central_slice=volume.thumbnail,
        movie=volume.movie,
        shifts=_shifts(path.with_name(f"{name}{SHIFTS}"), alignment),
        from_above=drawn(
            beside(path, "_projXY.jpeg"), [path], lambda to: save_picture(to, picture_projection(path, "XY"))
        ),
        from_side=drawn(
            beside(path, "_projXZ.jpeg"), [path], lambda to: save_picture(to, picture_projection(path, "XZ"))
        ),
        alignment=_outlines(path.with_name(f"{name}_alignment.jpeg"), alignment, images),
    )


def pictures_of_volume(path: Path, between: Levels | None = None) -> VolumePictures:
    """Picture a volume, for example a denoised one; of a segmentation, say which values are black and white."""
    return VolumePictures(
        thumbnail=drawn(
            beside(path, "_thumbnail.jpeg"),
            [path],
            lambda to: save_picture(to, picture_central(path, between=between)),
        ),
        movie=drawn(beside(path, "_movie.png"), [path], lambda to: write_film(to, film_through(path, between=between))),
    )


def pictures_of_stack(stack: Path, alignment: Alignment, images: Mapping[str, Micrograph]) -> VolumePictures:
    """Picture the images of aligned tilts in order of the tilt angle, as of a stack, which need not be there itself."""
    tilts = [tilt for tilt in alignment.tilts if tilt.name in images]
    if not tilts:
        return VolumePictures()
    shown = [images[tilt.name] for tilt in tilts]
    return VolumePictures(
        thumbnail=_tilt(beside(stack, "_thumbnail.jpeg"), images[_flattest(tilts).name]),
        movie=drawn(
            beside(stack, "_movie.png"),
            [image.path for image in shown],
            lambda to: write_film(
                to, (picture_image(image.path, _TILT, image.section) for image in shown), _TILT_MILLISECONDS
            ),
        ),
    )


def _snapshot(path: Path, image: Micrograph) -> Path | None:
    return drawn(
        path,
        [image.path],
        lambda to: save_picture(to, picture_image(image.path, _SNAPSHOT, image.section, smoothing=_SMOOTHING)),
    )


def _tilt(path: Path, image: Micrograph) -> Path | None:
    return drawn(path, [image.path], lambda to: save_picture(to, picture_image(image.path, _TILT, image.section)))


def _drift(path: Path, motion: Motion) -> Path | None:
    title = "Displacement of each frame"
    return drawn(path, [motion.metadata], lambda to: write_scatter(to, motion.displacements, title, _AXES))


def _spectrum(path: Path, ctf: Ctf) -> Path | None:
    return drawn(path, [ctf.diagnostic], lambda to: save_picture(to, read_picture(ctf.diagnostic)))


def _marks(path: Path, picks: Picks) -> Path | None:
    """Return the picture that the picker drew, which also shows where it did not look; or draw one."""
    if picks.diagnostic and picks.diagnostic.is_file():
        return picks.diagnostic
    return drawn(
        path,
        [picks.micrograph.path, picks.coordinates],
        lambda to: save_picture(
            to, picture_picks(picks.micrograph, read_coordinates(picks.coordinates)[0], picks.diameter)
        ),
    )


def _average(stack: Path, number: int) -> Path | None:
    return drawn(beside(stack, f"_{number}.jpeg"), [stack], lambda to: save_picture(to, picture_average(stack, number)))


def _shifts(path: Path, alignment: Alignment) -> Path | None:
    points = [tilt.displacement for tilt in alignment.tilts]
    title = "Displacement of each tilt"
    return drawn(path, [alignment.transforms], lambda to: write_scatter(to, points, title, _AXES))


def _outlines(path: Path, alignment: Alignment, images: Mapping[str, Micrograph]) -> Path | None:
    tilts = [tilt for tilt in alignment.tilts if tilt.name in images]
    if not tilts:
        return None
    base = _flattest(tilts)
    image = images[base.name]
    return drawn(
        path,
        [alignment.transforms, image.path],
        lambda to: save_picture(to, picture_alignment(image, alignment.tilts, base.name)),
    )


def _flattest(tilts: list[TiltAlignment]) -> TiltAlignment:
    return min(tilts, key=lambda tilt: abs(tilt.angle))
