"""From movies to particles: a movie that fails does not stop the others."""

from collections.abc import Mapping
from pathlib import Path

from flows.mapped import Mapped, begun, settled
from flows.micrograph_tools import MicrographTools
from flows.micrographs import Preprocessed, preprocess
from flows.spa_sources import Gathered
from flows.steps import concluded
from tasks.errors import ResultError
from tasks.models import Micrograph, Movie, Optics, ParticleSet
from tasks.particle_extraction import ParticleExtractor, extract_particles, gather_particles, place_of_particles
from tasks.particle_picking import typical_diameter
from tasks.report import Progress
from tasks.step import step


@step(task_run_name="picks of {source.path.stem}")
def preprocess_movie(source: Movie | Micrograph, optics: Optics, tools: MicrographTools, folder: Path) -> Preprocessed:
    """Take one movie to its picks; each step is done once."""
    return concluded(preprocess(source, optics, tools, folder))


def preprocessed(
    name: str, movies: Gathered, optics: Optics, tools: MicrographTools, folder: Path
) -> dict[str, Preprocessed]:
    """Take all movies to their picks; raise ResultError if that succeeds with none."""
    only = MicrographTools.model_validate({field: getattr(tools, field) for field in MicrographTools.model_fields})
    futures = {
        each: preprocess_movie.submit(source, optics, only, folder / Path(each).parent)
        for each, source in movies.sources.items()
    }
    found, reasons = settled(Mapped({}, {}, futures), Progress(name, "movies", len(futures)))
    if not found:
        raise ResultError(f"none of {len(futures)} movies could be processed: {'; '.join(list(reasons.values())[:3])}")
    return found


def extracted(
    name: str, micrographs: Mapping[str, Preprocessed], extractor: ParticleExtractor, folder: Path
) -> ParticleSet:
    """Extract all particles with the diameter that most of them have, and join them."""
    diameter = extractor.diameter or typical_diameter([one.picks for one in micrographs.values()])
    if diameter is None:
        raise ResultError(f"no particles in the {len(micrographs)} micrographs of {name}")
    alike = extractor.model_copy(update={"diameter": diameter})
    given = {
        each: (one.picks, one.ctf, one.optics, alike, folder / Path(each).parent / "particle_extraction")
        for each, one in micrographs.items()
        if one.picks.count
    }
    extracting = begun(extract_particles, place_of_particles, given)
    found, reasons = settled(extracting, Progress(name, "extractions", len(given)))
    filled = tuple(found[each] for each in sorted(found) if found[each].count)
    if not filled:
        raise ResultError(f"no particles could be extracted: {'; '.join(list(reasons.values())[:3]) or 'all at edges'}")
    return gather_particles.submit(filled, folder / "particles").result()
