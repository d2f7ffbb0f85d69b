"""The project of single particles of a run without a ledger, made of what its steps recorded among the results."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flows.project_of_spa import batch_of, density_of, movie_of
from flows.projects import PROJECT
from flows.records import records_of, result_in
from tasks.ledger import Result
from tasks.models import Acquisition, Micrograph, Movie
from tasks.project import ProcessedBatch, ProcessedMovie, write_spa_project
from tasks.step import step

_OF_MOVIES = ("motion_correction", "ctf_estimation", "particle_picking", "particle_extraction")
_OF_DENSITIES = (
    *("initial_model", "symmetry_search", "classification_3d", "best_class"),
    *("refinement", "post_processing", "mirrored", "b_factor"),
)

_OF_PARTS = ("particles", "refinement", "post_processing")
"""Steps of random parts of the particles, for the B factor; their folders end in the number of particles."""


@step(task_run_name="project of {name}")
def project_of_movies(
    folder: Path, name: str, sources: Mapping[str, Movie | Micrograph], acquisition: Acquisition
) -> Path:
    """Write a project of the movies of a run, by their names in its folder of movies, and of all that it made of them.

    What was found is read from the records in the folder of the results.
    """
    batches = [batch for batch in _batches(folder) if batch]
    parts = sorted(path for step in _OF_PARTS for path in folder.glob(f"{step}_[0-9]*/*.json"))
    known = {path.parent.name: result_in(path) for path in [*_records(folder, _OF_DENSITIES), *parts]}
    good = _at(folder / "good_particles" / "particles.json")
    count = str(good.result["count"]) if good else ""
    density = density_of(count, {"particles": good, **known}) if good else None
    movies = list(_movies(folder, sources, acquisition))
    write_spa_project(folder / PROJECT, name, movies, batches, [density] if density else [])
    return folder / PROJECT


def _movies(
    folder: Path, sources: Mapping[str, Movie | Micrograph], acquisition: Acquisition
) -> Iterator[ProcessedMovie]:
    by_folder = {parent: _by_image(folder / parent) for parent in {Path(name).parent for name in sources}}
    for name, source in sources.items():
        known = by_folder[Path(name).parent].get(source.path.stem, {})
        movie = source if isinstance(source, Movie) else Movie(path=source.path, acquisition=acquisition)
        yield movie_of(movie, known)


def _by_image(folder: Path) -> dict[str, dict[str, Result]]:
    """Return what the steps recorded of each image in a folder, by its name without ending."""
    found: dict[str, dict[str, Result]] = {}
    for path in records_of(folder, _OF_MOVIES):
        found.setdefault(_stem(path), {})[path.parent.name] = result_in(path)
    return found


def _stem(record: Path) -> str:
    """Return the name of the image that a record is of."""
    name = record.stem
    for ending in ("_particles", "_picks", "_ctf", "_autopick"):
        name = name.removesuffix(ending)
    return name


def _batches(folder: Path) -> Iterator[ProcessedBatch | None]:
    cut = _at(folder / "batches" / "batches.json")
    parts = cast("list[dict[str, JsonValue]]", cut.result["batches"]) if cut else []
    for number, particles in enumerate(parts, 1):
        steps = ("classification_2d", "class_selection")
        below = folder / f"batch_{number}"
        known = {path.parent.name: result_in(path) for path in _records(below, steps)}
        yield batch_of(number, {"particles": Result(step="particles", digest="", result=particles, tool=""), **known})


def _records(folder: Path, steps: Sequence[str]) -> list[Path]:
    return [path for name in steps for path in sorted((folder / name).glob("*.json"))]


def _at(path: Path) -> Result | None:
    return result_in(path) if path.exists() else None
