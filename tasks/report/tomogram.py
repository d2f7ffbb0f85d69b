"""A tomogram on a page: slices, size, resolution and where the files are."""

from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from tasks.images import data_uri, picture_slices
from tasks.images.slices import side_by_side
from tasks.models import Alignment, Tomogram
from tasks.report.keys import artifact_key


def show_tomogram(name: str, alignment: Alignment, tomogram: Tomogram, denoised: Tomogram, pictures: Path) -> None:
    """Picture the central slices in a folder, and show them in the UI."""
    picture_slices(tomogram.path, pictures / f"{name}_tomogram.png")
    picture_slices(denoised.path, pictures / f"{name}_denoised.png")
    create_markdown_artifact(
        page(name, alignment, tomogram, denoised),
        key=artifact_key("tomogram", name),
        description=f"Tomogram of {name}",
    )


def page(name: str, alignment: Alignment, tomogram: Tomogram, denoised: Tomogram) -> str:
    """Return the page as markdown; the picture is part of it, because browsers refuse files."""
    picture = data_uri(side_by_side([tomogram.path, denoised.path]))
    size = " x ".join(str(voxels) for voxels in reversed(tomogram.shape))
    return f"""# {name}

![central slices, reconstructed and denoised]({picture})

Central slice (XY, y upwards): reconstructed, and denoised.

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
"""


def _angstrom(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f} A"


def _degrees(value: float | None) -> str:
    return "not measured" if value is None else f"{value:+.2f} deg"
