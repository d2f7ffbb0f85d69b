"""Class averages and densities on a page."""

from pathlib import Path

from PIL import Image
from prefect.artifacts import create_markdown_artifact

from tasks.images import data_uri, save_picture
from tasks.images.class_sheet import class_sheet
from tasks.images.curves import Points, picture_curves
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.models.maps import FoundSymmetry, Refinement
from tasks.models.resolution import BFactorFit, PostProcessed
from tasks.report.keys import artifact_key
from tasks.report.surface import picture_sharpened
from tasks.report.words import number


def show_classes(name: str, classes: Classes2D, selected: SelectedParticles, picture: Path) -> None:
    """Picture the class averages of a batch in a file, and show them in the UI."""
    sheet = class_sheet(classes, selected.scores)
    save_picture(picture, sheet)
    page = f"""# 2D classes of {name}

![class averages]({data_uri(sheet)})

{selected.particles.count} of {classes.particles.count} particles are kept. {selected.why}.

Best first; green is kept, red is left out. Classified by {classes.program}, judged by {selected.program}.

| | |
|---|---|
| particles that are kept | `{selected.particles.star}` |
| averages | `{classes.averages}` |
| this picture | `{picture}` |
"""
    create_markdown_artifact(page, key=artifact_key("classes", name), description=f"2D classes of {name}")


def show_density(
    name: str, first: FoundSymmetry, refinement: Refinement, sharpened: PostProcessed, pictures: Path
) -> None:
    """Picture the surface and the resolution of a density in a folder, and show them in the UI."""
    surface = picture_sharpened(sharpened)
    curves = fsc_picture(f"Fourier shell correlation of the halves of {name}", sharpened)
    save_picture(pictures / f"{name}_density.png", surface)
    save_picture(pictures / f"{name}_fsc.png", curves)
    page = f"""# Density of {name}

![surface of the density]({data_uri(surface)})

Seen along z, y and x.

![Fourier shell correlation]({data_uri(curves)})

{density_table(first, refinement, sharpened)}

Images do not tell the hand: look at what is known, and set `hand` to `mirrored` if it is wrong.
"""
    create_markdown_artifact(page, key=artifact_key("density", name), description=f"Density of {name}")


def density_table(first: FoundSymmetry, refinement: Refinement, sharpened: PostProcessed) -> str:
    """Return what is known of a density as markdown."""
    density = sharpened.map
    rows = {
        "resolution (FSC 0.143, within the mask)": number(density.resolution, 1, "A"),
        "without a mask": number(sharpened.unmasked_resolution, 1, "A"),
        f"finest that voxels of {density.pixel_size:.2f} A allow": number(2 * density.pixel_size, 1, "A"),
        "particles": refinement.particles.count,
        "symmetry": f"{density.symmetry} ({first.why})",
        "accuracy of angles": number(refinement.rotation_accuracy, 1, "deg"),
        "accuracy of positions": number(refinement.translation_accuracy, 1, "A"),
        "B factor of the sharpening": number(sharpened.b_factor, 0, "square A"),
        "refined by": refinement.program,
        "density": f"`{density.path}`",
        "mask": f"`{sharpened.mask}`",
        "particles with their angles": f"`{refinement.particles.star}`",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {found} |" for what, found in rows.items())])


def show_b_factor(name: str, fit: BFactorFit) -> None:
    """Show how resolution grows with the number of particles."""
    key = artifact_key("b-factor", name)
    create_markdown_artifact(b_factor_page(name, fit), key=key, description=f"B factor of {name}")


def b_factor_page(name: str, fit: BFactorFit) -> str:
    """Return the refinements of parts of the particles, and what is to be expected of more, as markdown."""
    within = f" ({fit.confidence[0]:.0f} to {fit.confidence[1]:.0f} with 95 %)" if fit.confidence else ""
    rows = "\n".join(f"| {point.particles} | {point.resolution:.2f} |" for point in fit.points)
    more = 10 * fit.points[-1].particles
    return f"""# B factor of {name}

B = {fit.b_factor:.0f} square angstrom{within}.
{more} particles can be expected to give {number(fit.resolution(more), 2, "A")}.

| particles | resolution in angstrom |
|---|---|
{rows}
"""


def show_end(name: str, reason: str) -> None:
    """Show why a run ended before all was done."""
    page = f"# {name} ended early\n\n{reason}.\n\nWhat was found until then is kept; nothing is done twice.\n"
    create_markdown_artifact(page, key=artifact_key("end", name), description=f"{name} ended early")


def fsc_picture(title: str, sharpened: PostProcessed) -> Image.Image:
    """Draw the correlation of the halves."""
    names = {"corrected": "within the mask", "unmasked": "without a mask", "randomised": "what the mask alone makes"}
    curves: dict[str, Points] = {
        said: [(shell.resolution, getattr(shell, name)) for shell in sharpened.fsc] for name, said in names.items()
    }
    return picture_curves(title, curves, {"0.143": 0.143})
