"""CPU time and memory of the programs that process a session, by the part that each plays."""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event, Thread

import psutil

_MIB = 2**20
_PERIOD = 1.0
_PARTS = {
    "server": "prefect server",
    "worker": "prefect worker",
    "watcher": "cryoem-flows watch",
    "database": "postgres",
}
"""Parts by words of their command lines; whatever else Python runs was started by the worker, and is a run."""


@dataclass
class Use:
    """What one process has used."""

    part: str
    own: float = 0.0
    """CPU seconds."""
    children: float = 0.0
    """CPU seconds of its children that have ended."""
    is_alive: bool = True


@dataclass
class Meter:
    """Looks every second at all processes below this one, and at PostgreSQL servers if asked."""

    database: bool = False
    uses: dict[tuple[int, float], Use] = field(default_factory=dict)
    memories: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    """Memory of each part in MiB, over time."""
    _over: Event = field(default_factory=Event)
    _base: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        """Count from now on."""
        self.look()
        self._base = self._sums()
        Thread(target=self._run, daemon=True).start()

    def stop(self) -> dict[str, float]:
        """Return the CPU seconds of each part since the start."""
        self._over.set()
        self.look()
        return {part: seconds - self._base.get(part, 0.0) for part, seconds in self._sums().items()}

    def look(self) -> None:
        """Take note of what each process has used so far."""
        memory: defaultdict[str, float] = defaultdict(float)
        for use in self.uses.values():
            use.is_alive = False
        for process in self._processes():
            try:
                use = self._use(process)
                if use is None:
                    continue
                use.is_alive, times = True, process.cpu_times()
                use.own, use.children = times.user + times.system, times.children_user + times.children_system
                memory[use.part] += process.memory_info().rss / _MIB
            except psutil.Error:
                # It has ended; what it used is known from its parent.
                continue
        self.memories.append((time.time(), dict(memory)))

    def _run(self) -> None:
        while not self._over.wait(_PERIOD):
            self.look()

    def _use(self, process: psutil.Process) -> Use | None:
        key = (process.pid, process.create_time())
        if key not in self.uses and (part := _part(process.cmdline())):
            self.uses[key] = Use(part)
        return self.uses.get(key)

    def _sums(self) -> dict[str, float]:
        """Sum the CPU seconds by part; of runs that have ended the worker knows what they used after our last look."""
        sums: defaultdict[str, float] = defaultdict(float)
        for use in self.uses.values():
            if use.part == "run":
                # A run that starts no tools is a sweep.
                sums["flow runs" if use.children else "sweeps"] += use.own
                sums["tools"] += use.children
            else:
                sums[use.part] += use.own
        known = sum(use.own + use.children for use in self.uses.values() if use.part == "run" and not use.is_alive)
        sums["ends of runs"] = sum(use.children for use in self.uses.values() if use.part == "worker") - known
        return dict(sums)

    def _processes(self) -> Iterator[psutil.Process]:
        yield from psutil.Process().children(recursive=True)
        if self.database:
            yield from (process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres")


def _part(command: list[str]) -> str | None:
    if not command or command[0].endswith("sh"):
        return None
    line = " ".join(command)
    found = [part for part, words in _PARTS.items() if words in line]
    return found[0] if found else "run" if "prefect" in line else None
