"""From the ledger to the rows of single particles."""

from typing import Final

from flows.ispyb.batches import FoundBatch, rows_of_batch
from flows.ispyb.densities import FoundDensities, rows_of_density
from flows.ispyb.exposed import exposed, pictures_of
from flows.ispyb.kept import Kept, kept, latest, recorded
from flows.ispyb.movies import SpaMovie, picker_of, rows_of_movie
from flows.ispyb.pictures import pictures_of_classes
from flows.ispyb.viewing import viewing_of_classes
from flows.spa_sessions import SpaSession
from tasks.ispyb import Ref, Row
from tasks.ledger import Ledger, Session, keys_like
from tasks.models import IceThickness, ParticleSet, Picks
from tasks.models.classes import Classes2D, SelectedParticles
from tasks.models.maps import Classes3D, InitialModel
from tasks.murfey import SpaClass2D, SpaClass3D, SpaPreprocess

MOVIE: Final = "movie"
CLASSIFIED: Final = "classification_3d"


def of_movie(movie: Kept) -> list[Row]:
    """Return the rows of a movie."""
    return rows_of_movie(movie.asked(SpaPreprocess), _movie(movie))


def of_batch(batch: Kept) -> list[Row]:
    """Return the rows of a batch; none before it is classified."""
    results = batch.results
    classes, requests = recorded(Classes2D, results, "classification_2d"), batch.asked(SpaClass2D)
    if classes is None or not requests:
        return []
    picker, rows = a_picker(batch.ledger, batch.session)
    found = FoundBatch(
        number=int(batch.item.key),
        classes=classes,
        selected=recorded(SelectedParticles, results, "class_selection"),
        pictures=pictures_of_classes(classes),
        picker=picker,
    )
    return rows + rows_of_batch(requests, found)


def of_densities(density: Kept) -> list[Row]:
    """Return the rows of densities; none before particles are classified.

    Murfey has the same numbers for all 3D classes of a session, so that they have the same rows: the last ones count.
    """
    last = latest(density, SpaClass3D, CLASSIFIED)
    results, requests = last.results, last.asked(SpaClass3D)
    classes = recorded(Classes3D, results, CLASSIFIED)
    if classes is None or not requests:
        return []
    picker, rows = a_picker(density.ledger, density.session)
    found = FoundDensities(
        classes=classes,
        views=viewing_of_classes(classes),
        goes_on=recorded(ParticleSet, results, "best_class") is not None,
        first=recorded(InitialModel, results, "initial_model"),
        picker=picker,
    )
    return rows + rows_of_density(requests, found)


def a_picker(ledger: Ledger, session: Session) -> tuple[Ref | None, list[Row]]:
    """Return the row of the particles of one micrograph of the session, with the rows that it hangs on."""
    for key in sorted(keys_like(ledger, session.name, MOVIE, "")):
        movie = kept(ledger, session, MOVIE, key)
        # Its pictures are told with itself.
        if movie and (found := picker_of(movie.asked(SpaPreprocess), _movie(movie, pictured=False))):
            return found
    return None, []


def _movie(movie: Kept, *, pictured: bool = True) -> SpaMovie:
    tools, picks = SpaSession.of(movie.session), recorded(Picks, movie.results, "particle_picking")
    found = SpaMovie(
        **exposed(movie, tools),
        picker=tools.picker,
        ice=recorded(IceThickness, movie.results, "ice_thickness"),
        picks=picks,
    )
    return found.model_copy(update={"pictures": pictures_of(found, picks)}) if pictured else found
