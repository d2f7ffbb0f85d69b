"""What was found of the tilt series of a session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pydantic import JsonValue

from tasks.images import picture_volume
from tasks.images.features import picture_features
from tasks.models import Alignment, Tomogram, TomogramPicks
from tasks.models.contents import Shortfalls
from tasks.models.segmentation import Segmentation
from tasks.report.album import Album
from tasks.report.facts import Lack, MovieFacts, SeriesFacts, TiltFacts
from tasks.report.findings import Findings
from tasks.report.items import Item
from tasks.report.shown import Shown
from tasks.report.words import step_words

PICTURES_AT_ONCE = 20


@dataclass(frozen=True)
class Found:
    """What was found in a session of tilt series."""

    movies: Sequence[MovieFacts]
    alignments: Findings[Alignment]
    tomograms: Findings[Tomogram]
    denoised: Findings[Tomogram]
    segmentations: Findings[Segmentation]
    picks: Findings[TomogramPicks]
    shortfalls: Findings[Shortfalls]


def series_facts(items: Sequence[Item], found: Found, report: Path) -> tuple[SeriesFacts, ...]:
    """Gather what each step found of each tilt series, in order of arrival, with pictures in a folder of the report."""
    album = Album(report / "tomograms", ".jpg", PICTURES_AT_ONCE)
    by_stem: dict[str, list[MovieFacts]] = {}
    for movie in found.movies:
        by_stem.setdefault(movie.name.lower(), []).append(movie)
    # The newest first, so that its picture comes first.
    series = [item for item in items if item.kind == "tilt_series"]
    facts = [_facts(item, found, by_stem, album) for item in reversed(series)]
    album.forget()
    return tuple(reversed(facts))


def _facts(item: Item, found: Found, by_stem: dict[str, list[MovieFacts]], album: Album) -> SeriesFacts:
    alignment = found.alignments.value(item.key)
    tilts = tuple(_tilts(item, alignment, by_stem))
    tomogram, denoised = found.tomograms.value(item.key), found.denoised.value(item.key)
    first = tomogram or denoised
    lacking = found.shortfalls.value(item.key) or Shortfalls()
    # What was found before a step failed is of another tomogram.
    segmentation = None if lacking.of("segmentation") else found.segmentations.value(item.key)
    picks = None if lacking.of("tomogram_picking") else found.picks.value(item.key)
    features = {feature.name: feature.labels for feature in segmentation.features} if segmentation else {}
    return SeriesFacts(
        name=item.name,
        key=item.key,
        state=item.state,
        tilts=tilts,
        missing=(*_texts(item.payload.get("missing")), *_texts(item.payload.get("broken"))),
        **(_of_alignment(alignment) if alignment else {}),
        resolution=tomogram and tomogram.resolution,
        voxel_size=first and first.voxel_size,
        shape=first and first.shape,
        tomogram=tomogram and tomogram.path,
        denoised=denoised and denoised.path,
        seconds=_seconds(item, found),
        features=features,
        particles=picks and picks.count,
        lacking=tuple(Lack(step=step_words(one.step), kind=one.kind, reason=one.reason) for one in lacking.failed),
        programs=tuple(
            dict.fromkeys(value.program for value in (alignment, tomogram, denoised, segmentation, picks) if value)
        ),
        picture=_picture(item.name, denoised or tomogram, tuple(features.values()), album),
    )


def _of_alignment(alignment: Alignment) -> dict[str, Any]:
    same = ("excluded", "tilt_axis_angle", "tilt_offset", "residual", "score", "thickness")
    return {name: getattr(alignment, name) for name in same} | {"used": len(alignment.tilts)}


def _tilts(item: Item, alignment: Alignment | None, by_stem: dict[str, list[MovieFacts]]) -> Iterator[TiltFacts]:
    """Yield what was found of each tilt: those of the announcement, in its order, and any others that are aligned."""
    aligned = {tilt.name: tilt for tilt in alignment.tilts} if alignment else {}
    announced = [PurePath(name).stem for name in _texts(item.payload.get("movies"))]
    for number, name in enumerate(dict.fromkeys([*announced, *aligned]), 1):
        tilt, movie = aligned.get(name), _movie(name, by_stem, item)
        yield TiltFacts(
            name=name,
            number=number,
            angle=tilt and tilt.angle,
            motion=movie and movie.motion,
            defocus=movie and movie.defocus,
            resolution=movie and movie.resolution,
            shift=tilt and tilt.displacement,
            residual=tilt and tilt.residual,
        )


def _movie(stem: str, by_stem: dict[str, list[MovieFacts]], item: Item) -> MovieFacts | None:
    """Return the movie of a tilt; of several with its name, that in the folder of the series."""
    alike = by_stem.get(stem.lower(), [])
    folder = str(item.payload.get("frames", ""))
    return next((movie for movie in alike if movie.path.startswith(folder)), None)


def _seconds(item: Item, found: Found) -> dict[str, float]:
    steps = (found.alignments, found.tomograms, found.denoised, found.segmentations, found.picks)
    return {step.step: step.seconds(item.key) for step in steps if item.key in step.by_key}


def _picture(name: str, volume: Tomogram | None, labels: Sequence[Path], album: Album) -> Shown:
    if volume is None:
        return Shown(words="no tomogram yet")
    if labels and all(path.is_file() for path in labels):
        words = f"central slices of the tomogram of {name} with its features in colour: XY, and XZ below"
        # By the labels, which change when the tomogram does.
        return album.show(labels[0], name, lambda _: picture_features(volume.path, labels), words)
    return album.show(volume.path, name, picture_volume, f"central slices of the tomogram of {name}: XY, and XZ below")


def _texts(value: JsonValue) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
