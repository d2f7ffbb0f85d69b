"""Whatever files do, and however often the watcher starts anew: no half of a file arrives, and no file is lost."""

from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tasks.watching.settling import Settling, Stamp

SETTLING = 10.0
PATIENCE = 100.0
NAMES = st.sampled_from(["a", "b", "c"])


class File:
    """A file that is being written: it is whole when it has as many bytes as its header says."""

    def __init__(self, promised: int, size: int, modified: int) -> None:
        self.promised, self.size, self.modified = promised, size, modified

    @property
    def is_whole(self) -> bool:
        return self.size == self.promised

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.size, self.modified)


class Files(RuleBasedStateMachine):
    """Files that change in any way, and a watcher that is restarted now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.ticks = 0.0, 0
        self.files: dict[str, File] = {}
        self.quiet_since: dict[str, float] = {}
        self.arrived: dict[str, int] = {}
        self.announced: list[tuple[str, int]] = []
        self.settling = Settling(SETTLING, PATIENCE)

    @rule(name=NAMES, promised=st.integers(1, 5), size=st.integers(0, 5))
    def begin(self, name, promised, size):
        """A file comes, or another takes its place: whole (renamed) or not."""
        self.change(name, File(promised, min(size, promised), 0))

    @precondition(lambda self: self.files)
    @rule(name=NAMES)
    def grow(self, name):
        file = self.files.get(name)
        if file and not file.is_whole:
            self.change(name, File(file.promised, file.size + 1, 0))

    @rule(old=NAMES, new=NAMES)
    def rename(self, old, new):
        if old != new and old in self.files:
            self.change(new, self.files.pop(old))

    @rule(name=NAMES)
    def remove(self, name):
        self.files.pop(name, None)

    @rule()
    def restart(self):
        """Only the ledger remembers."""
        self.settling = Settling(SETTLING, PATIENCE)

    @rule(seconds=st.sampled_from([0.0, 1.0, 9.0, 11.0, 120.0]), duration=st.sampled_from([0.0, 3.0]), part=NAMES)
    def look(self, seconds, duration, part):
        """Look at all files but perhaps one that could not be read."""
        self.now += seconds
        begun, self.now = self.now, self.now + duration
        self.settling.forget([name for name in "abc" if name not in self.files])
        seen = {name: file.stamp for name, file in self.files.items() if name != part}
        self.settle(seen, begun)

    def settle(self, seen: dict[str, Stamp], begun: float) -> None:
        for name in self.settling.observe(seen, begun, self.now, self.arrived):
            assert begun - self.quiet_since[name] >= SETTLING
            file = self.files[name]
            if not file.is_whole:
                self.settling.refuse(name, begun)
            else:
                if self.arrived.get(name) != file.size:
                    self.announced.append((name, file.size))
                self.arrived[name] = file.size
                self.settling.accept(name)

    def change(self, name: str, file: File) -> None:
        self.ticks += 1
        file.modified = self.ticks
        self.files[name] = file
        self.quiet_since[name] = self.now

    @invariant()
    def no_file_that_is_given_up_is_whole(self):
        for name in "abc":
            assert not (self.settling.is_given_up(name) and self.settling.is_whole(name))

    @invariant()
    def nothing_arrives_twice_in_a_row(self):
        for name in "abc":
            sizes = [size for announced, size in self.announced if announced == name]
            assert all(before != after for before, after in pairwise(sizes))

    def teardown(self):
        """When nothing changes any more, all that is whole has arrived, and all that is not is given up."""
        for _ in range(40):
            self.now += SETTLING
            self.settle({name: file.stamp for name, file in self.files.items()}, self.now)
        for name, file in self.files.items():
            assert self.settling.is_whole(name) == file.is_whole
            assert self.settling.is_given_up(name) != file.is_whole
            if file.is_whole:
                assert self.arrived[name] == file.size


Files.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestFiles = Files.TestCase


def test_a_broken_file_is_looked_into_ever_more_rarely():
    settling = Settling(SETTLING, PATIENCE)
    looks = []
    for now in range(1000):
        for path in settling.observe({"a": Stamp(1, 1)}, now, now):
            looks.append(now)
            settling.refuse(path, now)
    assert looks == [10, 20, 40, 80, 100, *range(200, 1000, 100)]


def test_two_looks_are_needed_however_short_the_time():
    settling = Settling(0, 0)
    assert settling.observe({"a": Stamp(1, 1)}, 5, 5) == []
    assert settling.observe({"a": Stamp(1, 1)}, 6, 6) == ["a"]


def test_a_long_look_does_not_shorten_the_time():
    settling = Settling(10, 0)
    assert settling.observe({"a": Stamp(1, 1)}, 0, 30) == []
    assert settling.observe({"a": Stamp(1, 1)}, 39, 50) == []
    assert settling.observe({"a": Stamp(1, 1)}, 55, 60) == ["a"]
