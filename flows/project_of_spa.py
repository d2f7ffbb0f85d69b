"""What the ledger knows of a single-particle session, for its project."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TypeVar

from flows.announced import Payload, acquisition_of
from flows.spa_sessions import SpaSession
from tasks.errors import InputError
from tasks.essence import digest_of
from tasks.ledger import Ledger, Result, Session, results_of
from tasks.models import Acquisition, Ctf, Micrograph, Model, Motion, Movie, Particles, ParticleSet, Picks
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.models.maps import Classes3D, FoundSymmetry, InitialModel, Refinement
from tasks.models.resolution import BFactorFit, Mirrored, PostProcessed
from tasks.project import Items, ProcessedBatch, ProcessedDensity, ProcessedMovie, ProcessedPart
from tasks.project.standing import Item, items_of, payloads_of

Results = Mapping[str, Result]
Found = TypeVar("Found", bound=Model)

_AT_ONCE = 200


def movies_of(ledger: Ledger, session: Session) -> Items[ProcessedMovie]:
    """Return the movies of a session."""
    acquisition = SpaSession.of(session).acquisition
    movies, cut = (items_of(ledger, session.name, kind) for kind in ("movie", "extraction"))
    payloads = payloads_of(ledger, session.name, "movie")
    # Particles that are cut anew may be of another size than those that were not yet.
    done = {key for key, item in cut.items() if item.state == "done"}

    def load(keys: list[str]) -> Iterator[tuple[str, ProcessedMovie]]:
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            found = results_of(ledger, session.name, "movie", some)
            particles = results_of(ledger, session.name, "extraction", [key for key in some if key in done])
            for key in some:
                movie = Movie(path=Path(key), acquisition=_taken(payloads[key], acquisition))
                known = {**found.get(key, {}), **particles.get(key, {})}
                yield key, movie_of(movie, known, _failure(movies[key], cut.get(key)))

    return Items(
        stamps={key: f"{item.stamp} {cut[key].stamp if key in cut else ''}" for key, item in movies.items()},
        load=load,
        basis=digest_of(acquisition.model_dump(mode="json")),
    )


def _taken(movie: Payload, usual: Acquisition) -> Acquisition:
    try:
        return acquisition_of(movie, usual)
    except InputError:
        # The flow gives the movie up and says why.
        return usual


def batches_of(ledger: Ledger, session: str) -> list[ProcessedBatch]:
    """Return the batches of particles that are classified together, as far as they have been put together."""
    items, payloads = items_of(ledger, session, "particle_batch"), payloads_of(ledger, session, "particle_batch")
    keys = sorted((key for key in items if payloads[key].get("micrographs")), key=int)
    found = results_of(ledger, session, "particle_batch", keys)
    batches = [batch_of(int(key), found.get(key, {}), items[key].failure) for key in keys]
    return [batch for batch in batches if batch]


def densities_of(ledger: Ledger, session: str) -> list[ProcessedDensity]:
    """Return the densities of a session, as far as the particles for them have been put together."""
    kinds = ("classification_3d", "refinement", "b_factor")
    items = [items_of(ledger, session, kind) for kind in kinds]
    keys = list(items[0])
    found = [results_of(ledger, session, kind, keys) for kind in kinds]
    densities = []
    for key in keys:
        known = dict(chain(*(by_key.get(key, {}).items() for by_key in reversed(found))))
        densities.append(density_of(key, known, _failure(*(of_kind.get(key) for of_kind in items))))
    return [density for density in densities if density]


def movie_of(movie: Movie, known: Results, failure: str = "") -> ProcessedMovie:
    """Return a movie, or an image that was summed already, as far as the steps have come."""
    motion, ctf = _result(Motion, known, "motion_correction"), _result(Ctf, known, "ctf_estimation")
    image = Micrograph(path=movie.path, pixel_size=movie.acquisition.pixel_size) if ctf and not motion else None
    picks = _result(Picks, known, "particle_picking")
    particles = _result(Particles, known, "particle_extraction")
    found = {"motion": motion, "ctf": ctf, "picks": picks, "particles": particles}
    return ProcessedMovie(movie=movie, summed=image, failure=failure, **found)


def batch_of(number: int, known: Results, failure: str = "") -> ProcessedBatch | None:
    """Return a batch as far as the steps have come; nothing before its particles have been put together."""
    particles = _result(ParticleSet, known, "particles")
    if particles is None:
        return None
    return ProcessedBatch(
        number=number,
        particles=particles,
        classes=_result(Classes2D, known, "classification_2d"),
        selected=_result(SelectedParticles, known, "class_selection"),
        failure=failure,
    )


def density_of(key: str, known: Results, failure: str = "") -> ProcessedDensity | None:
    """Return a density as far as the steps have come; nothing before its particles have been put together."""
    particles, mirrored = _result(ParticleSet, known, "particles"), _result(Mirrored, known, "mirrored")
    if particles is None:
        return None
    sizes = [step.removeprefix("particles_") for step in known if step.startswith("particles_")]
    return ProcessedDensity(
        name=key,
        particles=particles,
        first=_result(InitialModel, known, "initial_model"),
        symmetry=_result(FoundSymmetry, known, "symmetry_search"),
        classes=_result(Classes3D, known, "classification_3d"),
        best=_result(ParticleSet, known, "best_class"),
        refinement=mirrored.refinement if mirrored else _result(Refinement, known, "refinement"),
        sharpened=mirrored.sharpened if mirrored else _result(PostProcessed, known, "post_processing"),
        parts=tuple(_part(known, size) for size in sorted(sizes, key=int)),
        b_factor=_result(BFactorFit, known, "b_factor"),
        failure=failure,
    )


def _part(known: Results, size: str) -> ProcessedPart:
    return ProcessedPart(
        particles=ParticleSet.model_validate(known[f"particles_{size}"].result),
        refinement=_result(Refinement, known, f"refinement_{size}"),
        sharpened=_result(PostProcessed, known, f"post_processing_{size}"),
    )


def _result(kind: type[Found], known: Results, step: str) -> Found | None:
    return kind.model_validate(known[step].result) if step in known else None


def _failure(*items: Item | None) -> str:
    return next((item.failure for item in items if item and item.failure), "")
