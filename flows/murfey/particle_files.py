"""The files of particles that Murfey is told of, and asks to have classified."""

from flows.murfey.naming import file_for_density, file_of_batch
from flows.murfey.plan import BATCHES, DENSITIES
from flows.spa_batches import micrographs
from flows.spa_class3d import good
from flows.spa_plan import EXTRACTION
from flows.steps import Steps, made
from tasks.ledger import Lease, Ledger, find_session, results_of
from tasks.models import Particles, ParticleSet
from tasks.particle_extraction import Part, name_particles, place_of_named


def written(ledger: Ledger, lease: Lease) -> Steps[ParticleSet | None]:
    """Write the particles of a batch, or the good ones of several batches, to the file that has their name."""
    folder, parts = find_session(ledger, lease.session).folder, _parts(ledger, lease)
    if not parts:
        return None
    if lease.key.startswith(BATCHES):
        star = file_of_batch(folder, lease.key.removeprefix(BATCHES))
    else:
        star = file_for_density(folder, lease.key.removeprefix(DENSITIES))
    return (yield from made(name_particles, place_of_named, parts, star))


def _parts(ledger: Ledger, lease: Lease) -> tuple[Part, ...]:
    if not lease.key.startswith(BATCHES):
        return good(ledger, lease)
    members = micrographs(lease.payload)
    known = results_of(ledger, lease.session, EXTRACTION, members)
    return tuple(Particles.model_validate(known[name]["particle_extraction"].result) for name in members)
