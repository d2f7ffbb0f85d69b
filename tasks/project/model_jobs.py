"""The jobs that find a density: without a reference, by 3D classes, and the particles of the best one."""

from pathlib import Path

from tasks.project.density_places import DensityPlace
from tasks.project.job import Outcome
from tasks.project.places import link
from tasks.project.runs import PARTICLES, write_copy, write_run


def first_density(place: DensityPlace) -> Outcome:
    """Write the density that was found without a reference, in the axes of the symmetry that was found."""
    folder, density, found, symmetry = place.folder("first"), place.density, place.density.first, place.density.symmetry
    programs, notes, outputs = [], [], []
    if found:
        stem = found.classes[0].map.path.name.partition("_class")[0]
        outputs = _written(place, folder, found.classes[0].map.path.with_name(stem), "initialmodel")
        chosen = symmetry.map if symmetry else found.map
        link(place.project / folder / "initial_model.mrc", chosen.path)
        word = "" if chosen.symmetry == "C1" else f".{chosen.symmetry.lower()}sym"
        outputs = [("initial_model.mrc", f"DensityMap.mrc.relion.initialmodel{word}"), *outputs]
        programs, notes = [found.program], [found.why]
    if symmetry:
        programs, notes = [*programs, symmetry.program], [*notes, f"symmetry {symmetry.map.symmetry}: {symmetry.why}"]
        notes += [f"{score.group}: {score.agreement:.3f}" for score in symmetry.scores]
    return place.outcome(
        "first",
        "relion.initialmodel",
        "Live_initial_model",
        inputs=(place.particles,),
        outputs=tuple(outputs),
        options={
            "fn_img": place.particles,
            "nr_classes": len(found.classes) if found else 1,
            "sym_name": symmetry.map.symmetry if symmetry else "C1",
            "do_run_C1": "Yes",
            "particle_diameter": density.particles.diameter,
        },
        notes=tuple(notes),
        programs=tuple(programs),
    )


def classes_in_3d(place: DensityPlace) -> Outcome:
    """Write the 3D classes."""
    folder, found = place.folder("class3d"), place.density.classes
    outputs = []
    if found:
        stem = found.model.name.removesuffix("_model.star")
        outputs = _written(place, folder, found.model.with_name(stem), "class3d")
    return place.outcome(
        "class3d",
        "relion.class3d",
        "Live_class3d",
        inputs=(place.particles, place.model),
        outputs=tuple(outputs),
        options={
            "fn_img": place.particles,
            "fn_ref": place.model,
            "nr_classes": len(found.classes) if found else 4,
            "sym_name": place.group,
            "particle_diameter": place.density.particles.diameter,
        },
        notes=(f"class {found.best}: {found.why}",) if found else (),
        programs=(found.program,) if found else (),
    )


def best_particles(place: DensityPlace) -> Outcome:
    """Write the particles of the best class."""
    folder, best, classes = place.folder("best"), place.density.best, place.density.classes
    number, given = (classes.best, f"{place.folder('class3d')}/{classes.particles.star.name}") if classes else (0, "")
    if best:
        write_copy(place.project, f"{folder}/particles.star", best.star, place.names)
    return place.outcome(
        "best",
        "relion.select.onvalue",
        f"Live_refine_class{number}",
        inputs=(given,),
        outputs=(("particles.star", PARTICLES),),
        options={
            "fn_data": given,
            "do_select_values": "Yes",
            "select_label": "rlnClassNumber",
            "select_minval": number,
            "select_maxval": number,
        },
        notes=(f"{best.count} particles",) if best else (),
        programs=("RELION's class numbers",) if best else (),
    )


def _written(place: DensityPlace, folder: str, run: Path, kind: str) -> list[tuple[str, str]]:
    """Write the files of an iteration into a job; return those that are its outputs."""
    beside = sorted(run.parent.glob(f"{run.name}_*"))
    data = run.with_name(f"{run.name}_data.star")
    volumes = [path for path in beside if path.suffix == ".mrc"]
    write_run(place.project, folder, (path for path in beside if path.suffix == ".star" and path != data), volumes)
    if data.exists():
        write_copy(place.project, f"{folder}/{data.name}", data, place.names)
    types = {f"{run.name}_optimiser.star": "OptimiserData.star.relion", data.name: PARTICLES}
    outputs = [(path.name, f"{types[path.name]}.{kind}") for path in beside if path.name in types]
    return outputs + [(path.name, f"DensityMap.mrc.relion.{kind}") for path in volumes]
