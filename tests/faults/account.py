"""What must be true when all is done, whatever has happened on the way."""

from collections import Counter
from pathlib import Path

from faults.facility import ITEMS, SESSION, Facility
from sqlalchemy import select

from tasks.ledger import found, posted, quarantined
from tasks.ledger.tables import attempts, items

MOTION = (".mrc", "_noDW.mrc", "_EVN.mrc", "_ODD.mrc", ".star", "_motioncor3.log", ".json")
CTF = ("_ctf.mrc", "_ctf.png", "_ctf.csv", "_ctf.log", "_ctf.json")


def each_is_done_once(site: Facility) -> None:
    """Check the ledger, the files and what the programs said; end the facility and see that nothing is left of it."""
    the_ledger_is_complete(site)
    the_files_are_whole(site)
    no_finished_result_was_computed_again(site)
    # A run whose worker was killed ends by itself, and with it the last of what was started: no sooner than it has
    # brought report and project up to date.
    site.until(lambda: not site.engines())
    left = site.stop()
    assert left == [], left


def the_ledger_is_complete(site: Facility) -> None:
    ledger, movies = site.ledger, {str(path) for path in site.raw.iterdir()}
    assert len(movies) == ITEMS
    assert quarantined(ledger, SESSION) == []
    assert (site.movies().done, site.movies().open) == (ITEMS, 0)
    for step in ("motion_correction", "ctf_estimation"):
        assert {key for key, _ in found(ledger, SESSION, step)} == movies
        assert len(found(ledger, SESSION, step)) == ITEMS
    assert sum(posted(ledger, "report").values()) == 1
    done = Counter(item for item, outcome in outcomes(site) if outcome == "done")
    assert sorted(done.values()) == [1] * ITEMS


def outcomes(site: Facility) -> list[tuple[str, str | None]]:
    """Return how each attempt ended, by the movie."""
    query = select(items.c.key, attempts.c.outcome).join(items, items.c.id == attempts.c.item_id)
    rows = site.ledger.read(lambda connection: connection.execute(query).all())
    return [(row.key, row.outcome) for row in rows]


def complaints(site: Facility) -> list[str]:
    """Return the reasons why attempts ended otherwise than by being done."""
    query = select(attempts.c.outcome, attempts.c.reason).where(attempts.c.outcome != "done")
    rows = site.ledger.read(lambda connection: connection.execute(query).all())
    return sorted({f"{row.outcome}: {row.reason}" for row in rows})


def the_files_are_whole(site: Facility) -> None:
    """Check that there is what there should be, nothing else, and that all of a kind are of one size."""
    expected = {place for movie in site.raw.iterdir() for place in places(site, movie)}
    written = files(site)
    assert {str(path) for path in written ^ expected} == set()
    for end in (".mrc", "_noDW.mrc", "_EVN.mrc", "_ODD.mrc", "_motioncor3.log", "_ctf.mrc", "_ctf.csv"):
        assert len({path.stat().st_size for path in written if path.name.endswith(f"0{end}")}) == 1, end


def files(site: Facility) -> set[Path]:
    """Return all that the steps have written."""
    steps = [path for step in ("motion_correction", "ctf_estimation") for path in site.results.glob(f"*/{step}")]
    return {path for folder in steps for path in folder.rglob("*")}


def places(site: Facility, movie: Path) -> list[Path]:
    """Return the files that are made of a movie."""
    folder = site.results / movie.stem.rsplit("_", 2)[0]
    motion = [folder / "motion_correction" / f"{movie.stem}{end}" for end in MOTION]
    return motion + [folder / "ctf_estimation" / f"{movie.stem}{end}" for end in CTF]


def no_finished_result_was_computed_again(site: Facility) -> None:
    """Check that the programs finished each image, and worked on none more often than its movie was attempted."""
    said = site.programs.said()
    attempted = Counter(Path(key).stem for key, _ in outcomes(site))
    for (word, program, movie), count in said.items():
        assert count <= attempted[movie], (word, program, movie)
    assert Counter((word, program) for word, program, _ in said) == {
        (word, program): ITEMS for word in ("start", "end") for program in ("motion", "ctf")
    }
