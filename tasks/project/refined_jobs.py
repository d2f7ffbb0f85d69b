"""The jobs that refine a density: refinement, mask, sharpening, and how the resolution grows with the particles."""

from pathlib import Path

from tasks.formats.star_text import loop, pairs
from tasks.models.resolution import BFactorFit
from tasks.project.density_places import DensityPlace
from tasks.project.job import Outcome
from tasks.project.particle_text import renamed
from tasks.project.places import link
from tasks.project.runs import PARTICLES, write_copy, write_run
from tasks.project.writing import write_made, write_text

_HALF = "run_half1_class001_unfil.mrc"


def refined(place: DensityPlace) -> Outcome:
    """Write a refinement."""
    folder, density, found = place.folder("refine3d"), place.density, place.density.refinement
    particles = f"{place.folder('best')}/particles.star" if density.best else place.particles
    reference = ""
    if density.classes:
        reference = f"{place.folder('class3d')}/{density.classes.best_class.map.path.name}"
    outputs: tuple[tuple[str, str], ...] = ()
    if found:
        halves = found.map.halves or ()
        for star in {found.particles.star, *_data(found.optimiser)}:
            write_copy(place.project, f"{folder}/{star.name}", star, place.names)
        write_run(place.project, folder, _stars(found.model, found.optimiser), (found.map.path, *halves))
        outputs = (
            (found.optimiser.name, "OptimiserData.star.relion.refine3d"),
            (found.particles.star.name, f"{PARTICLES}.refine3d"),
            (found.map.path.name, "DensityMap.mrc.relion.refine3d"),
            *((half.name, "DensityMap.mrc.relion.halfmap.refine3d") for half in halves),
        )
    return place.outcome(
        "refine3d",
        "relion.refine3d",
        f"Refine_{place.group}_symmetry",
        inputs=(particles, reference),
        outputs=outputs,
        options={
            "fn_img": particles,
            "fn_ref": reference,
            "sym_name": place.group,
            "particle_diameter": density.particles.diameter,
        },
        notes=(f"converged after {found.iterations} iterations",) if found else (),
        programs=(found.program,) if found else (),
    )


def masked(place: DensityPlace) -> Outcome:
    """Write the mask that was drawn from the refined density."""
    folder, found, before = place.folder("mask"), place.density.sharpened, place.density.refinement
    given = f"{place.folder('refine3d')}/{before.map.path.name}" if before else ""
    if found:
        link(place.project / folder / "mask.mrc", found.mask)
    return place.outcome(
        "mask",
        "relion.maskcreate",
        f"Mask_{place.group}_symmetry",
        inputs=(given,),
        outputs=(("mask.mrc", "Mask3D.mrc.relion"),),
        options={
            "fn_in": given,
            "angpix": before.map.pixel_size if before else -1,
            "inimask_threshold": (found and found.mask_threshold) or 0.0,
        },
        programs=(found.program,) if found else (),
    )


def sharpened(place: DensityPlace) -> Outcome:
    """Write a sharpened density with its curves."""
    folder, found, before = place.folder("postprocess"), place.density.sharpened, place.density.refinement
    half = f"{place.folder('refine3d')}/{_HALF}" if before else ""
    mask = ""
    if found:
        mask = f"{place.folder('mask')}/mask.mrc" if found.mask_threshold is not None else str(found.mask)
        files = {found.mask.name: mask}
        if before and before.map.halves:
            files |= {path.name: f"{place.folder('refine3d')}/{path.name}" for path in before.map.halves}
        write_made(place.project, f"{folder}/{found.star.name}", [found.star], lambda: [_named(found.star, files)])
        for volume in (found.map.path, found.masked):
            link(place.project / folder / volume.name, volume)
    b_factor = None if found is None else found.b_factor
    return place.outcome(
        "postprocess",
        "relion.postprocess",
        f"PostProcess_{place.group}_symmetry",
        inputs=(half, mask),
        outputs=(
            ("postprocess.mrc", "DensityMap.mrc.relion.postprocess"),
            ("postprocess_masked.mrc", "DensityMap.mrc.relion.postprocess.masked"),
            ("postprocess.star", "ProcessData.star.relion.postprocess"),
        ),
        options={"fn_in": half, "fn_mask": mask, "angpix": before.map.pixel_size if before else -1},
        notes=(f"resolution {found.map.resolution:.2f} A, B factor {b_factor or 0:.0f} A^2",)
        if found and found.map.resolution
        else (),
        programs=(found.program,) if found else (),
    )


def fitted(place: DensityPlace) -> Outcome:
    """Write how the resolution grows with the number of particles; a file of ours, which no window of RELION opens."""
    found, before, sharp = place.density.b_factor, place.density.refinement, place.density.sharpened
    inputs = [f"{place.folder('refine3d')}/{before.particles.star.name}"] if before else []
    inputs += [f"{place.folder('postprocess')}/{sharp.star.name}"] if sharp else []
    if found:
        write_text(place.project / place.folder("b_factor") / "b_factor.star", _fit(found))
    return place.outcome(
        "b_factor",
        "relion.external",
        "Live_b_factor",
        inputs=tuple(inputs),
        outputs=(),
        options={"fn_exe": "cryoem-flows", "in_part": inputs[0] if inputs else ""},
        notes=(f"B factor {found.b_factor:.1f} A^2",) if found else (),
        programs=(found.program,) if found else (),
    )


def _stars(model: Path, optimiser: Path) -> list[Path]:
    """Return the STAR files of a refinement: of all particles, and of its last iteration."""
    stem = optimiser.name.removesuffix("_optimiser.star")
    return [model, *sorted(path for path in optimiser.parent.glob(f"{stem}_*.star") if not path.stem.endswith("_data"))]


def _data(optimiser: Path) -> list[Path]:
    """Return the particles of the last iteration, with which RELION goes on."""
    star = optimiser.with_name(optimiser.name.replace("optimiser", "data"))
    return [star] if star.exists() else []


def _named(star: Path, files: dict[str, str]) -> str:
    return renamed(star.read_text(), lambda file: files.get(Path(file).name, file))


def _fit(found: BFactorFit) -> str:
    low, high = found.confidence or ("", "")
    values = {"BFactor": found.b_factor, "BFactorLow": low, "BFactorHigh": high}
    values |= {"Slope": found.slope, "Intercept": found.intercept}
    rows = [(point.particles, point.resolution) for point in found.points]
    return pairs("b_factor", values) + loop("points", ["Particles", "Resolution"], rows)
