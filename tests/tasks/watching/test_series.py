"""In whatever order movies and mdoc files come, each series arrives: complete if it can be, and never for nothing."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tasks.errors import InputError
from tasks.watching.series import Described, Gathering, Present, describe

QUIET = 100.0
NAMES = [f"{number}.tif" for number in range(6)]


class Series(RuleBasedStateMachine):
    """One series whose mdoc file grows while its movies come, break and are mended, and the watcher is restarted."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.news = 0.0, 0.0
        self.described = Described(mdoc=Path("/data/a.mdoc"), name="a", movies=())
        self.movies: set[str] = set()
        self.broken: set[str] = set()
        self.told: list[frozenset[str]] = []
        self.gathering = Gathering(QUIET, {})

    @rule(count=st.integers(1, 6))
    def write(self, count):
        """The mdoc file names more movies."""
        count = max(count, len(self.described.movies))
        self.described = self.described.model_copy(update={"movies": tuple(NAMES[:count])})
        self.gathering.add(self.described, self.now)
        self.news = self.now

    @rule(name=st.sampled_from(NAMES), is_broken=st.booleans())
    def come(self, name, is_broken):
        if name not in self.movies:
            (self.broken if is_broken else self.movies).add(name)
            self.broken -= self.movies
        self.news = self.now

    @precondition(lambda self: self.described.movies)
    @rule()
    def restart(self):
        arrived = {str(self.described.mdoc): frozenset().union(*self.told)} if self.told else {}
        self.gathering = Gathering(QUIET, arrived)
        self.gathering.add(self.described, self.now)

    @rule(seconds=st.sampled_from([1.0, 50.0, 150.0]))
    def look(self, seconds):
        self.now += seconds
        for described, present in self.gathering.due(self.present, self.now, self.news):
            assert present.is_complete or self.now - self.news >= QUIET or len(present.movies) >= 3
            news = frozenset(present.movies)
            assert not self.told or news - frozenset().union(*self.told)
            self.told.append(news)
            self.gathering.announce(described, present)

    def present(self, described: Described) -> Present:
        named = described.movies
        return Present(
            movies={name: Path("/data", name) for name in named if name in self.movies},
            broken=tuple(name for name in named if name in self.broken),
            missing=tuple(name for name in named if name not in self.movies | self.broken),
        )

    def teardown(self):
        """When nothing comes any more, the series has arrived with all of its movies that are there."""
        for _ in range(3):
            self.look(QUIET)
        if self.described.movies:
            assert frozenset().union(*self.told) == self.movies & set(self.described.movies)
            assert self.told
        else:
            assert self.told == []


Series.TestCase.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestSeries = Series.TestCase


def test_a_complete_series_is_no_longer_waited_for(write_mdoc):
    gathering = Gathering(QUIET, {})
    described = describe(write_mdoc("TS_01.mdoc", NAMES))
    gathering.add(described, 0)
    whole = Present(movies={name: Path(name) for name in NAMES})
    assert gathering.due(lambda _: whole, 1, 0) == [(described, whole)]
    gathering.announce(described, whole)
    assert not gathering.open


def test_an_mdoc_says_the_name_and_the_movies_of_its_series(write_mdoc):
    found = describe(write_mdoc("TS_01.mrc.mdoc", [*NAMES, NAMES[0]]))
    assert (found.name, found.movies) == ("TS_01", tuple(NAMES))


def test_an_overriding_mdoc_gives_way_to_the_one_that_it_repeats(write_mdoc):
    override = write_mdoc("TS_01_override.mdoc", NAMES)
    assert describe(override).name == "TS_01"
    write_mdoc("TS_01.mdoc", NAMES)
    with pytest.raises(InputError, match=r"TS_01\.mdoc beside it"):
        describe(override)


def test_an_mdoc_of_a_stack_names_no_movies(tmp_path):
    mdoc = tmp_path / "stack.mdoc"
    mdoc.write_text("[ZValue = 0]\nTiltAngle = 0\n[ZValue = 1]\nTiltAngle = 3\n")
    with pytest.raises(InputError, match="no SubFramePath"):
        describe(mdoc)
