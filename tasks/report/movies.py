"""What was found of the movies of a session."""

from collections.abc import Sequence
from pathlib import Path

from tasks.models import Ctf, Motion
from tasks.report.facts import MovieFacts
from tasks.report.findings import Findings
from tasks.report.items import Item

KINDS = ("movie", "tilt_movie")


def movie_facts(items: Sequence[Item], motions: Findings[Motion], ctfs: Findings[Ctf]) -> tuple[MovieFacts, ...]:
    """Gather what each step found of each movie, in order of arrival; movies of which nothing is known are missing."""
    known = motions.by_key.keys() | ctfs.by_key.keys()
    return tuple(_facts(item, motions, ctfs) for item in items if item.kind in KINDS and item.key in known)


def _facts(item: Item, motions: Findings[Motion], ctfs: Findings[Ctf]) -> MovieFacts:
    motion, ctf = motions.value(item.key), ctfs.value(item.key)
    return MovieFacts(
        name=Path(item.key).stem,
        path=item.key,
        arrived=item.arrived,
        motion_early=motion and motion.early,
        motion=motion and motion.total,
        defocus=ctf and ctf.defocus,
        astigmatism=ctf and ctf.astigmatism,
        resolution=ctf and ctf.resolution,
        figure_of_merit=ctf and ctf.figure_of_merit,
        ice_ring=ctf and ctf.ice_ring,
        seconds=motions.seconds(item.key) + ctfs.seconds(item.key),
        image=motion and motion.micrograph.path,
        diagnostic=ctf and ctf.diagnostic,
    )
