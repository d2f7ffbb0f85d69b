"""A tomogram on a page: slices, size, resolution and where the files are."""

from collections.abc import Iterator
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from tasks.images import data_uri, picture_slices
from tasks.images.features import beside_features
from tasks.models import Alignment, Tomogram
from tasks.models.contents import Contents
from tasks.models.segmentation import Segmentation
from tasks.report.keys import artifact_key
from tasks.report.words import step_words

_NOTHING = Contents()


def show_tomogram(
    name: str, alignment: Alignment, volumes: tuple[Tomogram, Tomogram], pictures: Path, contents: Contents
) -> None:
    """Picture the central slices of a tomogram and its denoised one in a folder, and show them in the UI."""
    tomogram, denoised = volumes
    picture_slices(tomogram.path, pictures / f"{name}_tomogram.png")
    picture_slices(denoised.path, pictures / f"{name}_denoised.png")
    create_markdown_artifact(
        page(name, alignment, tomogram, denoised, contents),
        key=artifact_key("tomogram", name),
        description=f"Tomogram of {name}",
    )


def page(name: str, alignment: Alignment, tomogram: Tomogram, denoised: Tomogram, contents: Contents = _NOTHING) -> str:
    """Return the page as markdown; the picture is part of it, because browsers refuse files."""
    features = contents.segmentation.features if contents.segmentation else ()
    picture = data_uri(beside_features(tomogram.path, denoised.path, [feature.labels for feature in features]))
    shown = f", with {_list(contents.segmentation)} in colour" if contents.segmentation else ""
    size = " x ".join(str(voxels) for voxels in reversed(tomogram.shape))
    return f"""# {name}

![central slices, reconstructed and denoised]({picture})

Central slice (XY, y upwards): reconstructed, and denoised{shown}.

| | |
|---|---|
| size (x, y, z) | {size} voxels of {tomogram.voxel_size:.2f} A |
| resolution of the halves (FSC 0.143) | {_angstrom(tomogram.resolution)} |
| tilts aligned | {len(alignment.tilts)}, {len(alignment.excluded)} excluded |
| tilt axis | {alignment.tilt_axis_angle:.2f} deg |
| tilt offset | {_degrees(alignment.tilt_offset)} |
| thickness of the specimen | {_angstrom(alignment.thickness)} |
| alignment residual | {_angstrom(alignment.residual)} |
| alignment score | {alignment.score:.3f} |
| reconstructed by | {tomogram.program} |
| tomogram | `{tomogram.path}` |
| denoised by | {denoised.program} |
| denoised tomogram | `{denoised.path}` |
{"".join(f"| {key} | {value} |{chr(10)}" for key, value in _of_contents(contents))}"""


def _of_contents(contents: Contents) -> Iterator[tuple[str, str]]:
    """Yield what was found in the tomogram, and what could not be."""
    if contents.segmentation:
        for feature in contents.segmentation.features:
            parts = "" if feature.parts is None else f" in {feature.parts} parts"
            yield feature.name.replace("_", " "), f"{feature.fraction:.1%} of the volume{parts}: `{feature.labels}`"
        yield "segmented by", contents.segmentation.program
    if contents.picks:
        yield "particles picked", f"{contents.picks.count}: `{contents.picks.coordinates}`"
        yield "picked by", contents.picks.program
    for shortfall in contents.shortfalls.failed:
        reason = " ".join(shortfall.reason.split()).replace("|", "/")
        yield f"no {step_words(shortfall.step)}", f"{shortfall.kind}: {reason}"


def _list(segmentation: Segmentation) -> str:
    return ", ".join(feature.name.replace("_", " ") for feature in segmentation.features)


def _angstrom(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f} A"


def _degrees(value: float | None) -> str:
    return "not measured" if value is None else f"{value:+.2f} deg"
