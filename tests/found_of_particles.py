"""What the steps of single particles find, made up: enough for the ledger, with no files behind it."""

from hashlib import sha256
from pathlib import Path

from tasks.ledger import Lease, Result
from tasks.models import Ctf, Micrograph, Model, Particles, ParticleSet, Picks
from tasks.models.classes import Classes2D, ClassScore, SelectedParticles
from tasks.models.maps import Class3D, Classes3D, FoundSymmetry, InitialModel, Map, Refinement
from tasks.models.resolution import FscShell, PostProcessed

FAR = Path("/nowhere")
BY = {"program": "made up"}


def results_for(lease: Lease, folder: Path, picks: int) -> list[Result]:
    """Return what is found of an item in the folder of its project."""
    made = {
        "movie": lambda: movie(Path(lease.key), folder, picks),
        "extraction": lambda: {"particle_extraction": particles(picks - 1)},
        "particle_file": lambda: {"particle_file": particle_set(_count(lease))} if _count(lease) else {},
        "particle_batch": lambda: batch(_count(lease)),
        "classification_3d": lambda: densities(_count(lease), folder / "densities" / lease.key),
        "refinement": lambda: {"refinement": refinement(3000), "post_processing": sharpened(3.2)},
        "b_factor": lambda: parts(lease.payload.get("sizes") or []),
    }
    return [result(lease, step, found) for step, found in made[lease.kind]().items()]


def result(lease: Lease, step: str, found: Model) -> Result:
    digest = sha256(repr((lease.key, step, lease.payload.get("of"))).encode()).hexdigest()
    return Result(step=step, digest=digest, result=found.model_dump(mode="json"), tool="made up")


def movie(path: Path, folder: Path, picks: int) -> dict[str, Model]:
    image = Micrograph(path=folder / f"{path.stem}.mrc", pixel_size=1)
    return {
        "ctf_estimation": ctf(),
        "particle_picking": Picks(
            micrograph=image,
            coordinates=folder / "p" / f"{path.stem}.star",
            count=picks,
            diameter=180,
            threshold=1,
            **BY,
        ),
    }


def ctf() -> Ctf:
    return Ctf(
        defocus_u=15_060,
        defocus_v=14_940,
        defocus_angle=33,
        resolution=3.9,
        figure_of_merit=0.12,
        ice_ring=0,
        diagnostic=FAR / "ctf.png",
        profile=FAR / "ctf.txt",
        **BY,
    )


def particles(count: int) -> Particles:
    image = Micrograph(path=FAR / "a.mrc", pixel_size=1)
    more = {"box_size": 64, "pixel_size": 3, "diameter": 180}
    return Particles(micrograph=image, stack=FAR / "a.mrcs", star=FAR / "a.star", count=count, **more, **BY)


def particle_set(count: int) -> ParticleSet:
    return ParticleSet(star=FAR / "p.star", count=count, box_size=64, pixel_size=3, diameter=180)


def batch(count: int) -> dict[str, Model]:
    if not count:
        return {}
    files = {name: FAR / name for name in ("averages", "model", "optimiser")}
    classes = Classes2D(particles=particle_set(count), classes=(), algorithm="vdam", **files, **BY)
    score = ClassScore(number=1, score=0.7, selected=True, reason="good")
    kept = SelectedParticles(
        particles=particle_set(count * 2 // 3), averages=FAR / "averages", scores=(score,), threshold=0.5, **BY
    )
    return {"particles": particle_set(count), "classification_2d": classes, "class_selection": kept}


def density(folder: Path = FAR, resolution: float | None = 8) -> Map:
    return Map(path=folder / "map.mrc", pixel_size=3, box_size=64, resolution=resolution)


def densities(count: int, folder: Path) -> dict[str, Model]:
    best = Class3D(number=1, particles=count, fraction=1, map=density())
    files = {name: FAR / name for name in ("model", "optimiser")}
    return {
        "particles": particle_set(count),
        "initial_model": InitialModel(map=density(folder), classes=(best,), best=1, why="one", **BY),
        "symmetry_search": FoundSymmetry(map=density(folder), scores=(), why="one", **BY),
        "classification_3d": Classes3D(
            particles=particle_set(count), classes=(best,), best=1, why="one", **files, **BY
        ),
        "best_class": particle_set(count),
    }


def refinement(count: int) -> Refinement:
    files = {name: FAR / name for name in ("model", "optimiser")}
    return Refinement(particles=particle_set(count), map=density(), iterations=9, **files, **BY)


def sharpened(resolution: float | None) -> PostProcessed:
    shell = FscShell(resolution=8, corrected=0.9, unmasked=0.9, masked=0.9, randomised=0)
    files = {name: FAR / name for name in ("masked", "mask", "star")}
    return PostProcessed(map=density(resolution=resolution), fsc=(shell,), **files, **BY)


def parts(sizes: list[int]) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for size in sizes:
        found |= {
            f"particles_{size}": particle_set(size),
            f"refinement_{size}": refinement(size),
            f"post_processing_{size}": sharpened(4.5),
        }
    return found


def _count(lease: Lease) -> int:
    return int(str(lease.payload.get("particles", 0)))
