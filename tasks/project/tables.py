"""The tables of a project, brought up to date with what was found of the items of its session."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.errors import CryoemError
from tasks.project.draft import Draft
from tasks.project.register import Entry, Found, Items, Register
from tasks.project.segments import Piece, Segment, Span, agreed, rows_in, splice


@dataclass(frozen=True)
class Made:
    """What the project is to hold of an item."""

    entry: Entry
    segments: Mapping[str, Segment]
    """Its rows, by the tables."""


Make = Callable[[Draft, Found], Made]
"""Says what the project is to hold of an item."""
Head = Callable[[Draft, str, Sequence[str]], str]
"""Gives what stands before the first row of a table with some columns."""


def bring_up_to_date(project: Path, register: Register, items: Items[Found], make: Make[Found], head: Head) -> Draft:
    """Make, write and note what is new; return the register, which is to be kept when all else is written."""
    draft = Draft(project, register)
    draft.places.restore()
    lost = {table for table in register.heads if not _is_whole(project, table, register)}
    changed = [key for key, stamp in items.stamps.items() if _has_changed(project, register, key, stamp, lost)]
    draft.entries = {key: entry for key, entry in draft.entries.items() if _stays(entry, key, items, lost)}
    made: dict[str, Made] = {}
    for key, found in items.load(changed):
        made[key] = _made(draft, found, make)
        draft.entries[key] = made[key].entry.model_copy(update={"stamp": items.stamps[key]})
    for key in set(changed) - made.keys():
        draft.entries.pop(key, None)
    if made or len(draft.entries) != len(register.entries):
        for table in dict.fromkeys([*register.heads, *(name for one in made.values() for name in one.segments)]):
            _write(draft, register, table, {key: one.segments.get(table) for key, one in made.items()}, head)
    return draft


def _made(draft: Draft, found: Found, make: Make[Found]) -> Made:
    """Make what the project is to hold of an item; one that it cannot hold is told as failed, for the others count."""
    try:
        return make(draft, found)
    except CryoemError as reason:
        return Made(Entry(work=draft.work({}), stopped="import", failure=str(reason)), {})


def _stays(entry: Entry, key: str, items: Items[Found], lost: set[str]) -> bool:
    """Tell whether an item stays; one of which nothing more can be learned goes with its rows."""
    return key in items.stamps or (not items.are_all and lost.isdisjoint(entry.sizes))


def _has_changed(project: Path, register: Register, key: str, stamp: str, lost: set[str]) -> bool:
    """Tell whether something else was found of an item, or what was written of it is gone."""
    entry = register.entries.get(key)
    if entry is None or (stamp and stamp != entry.stamp) or not lost.isdisjoint(entry.sizes):
        return True
    return not all((project / file).exists() for file in entry.files)


def _is_whole(project: Path, table: str, register: Register) -> bool:
    """Tell whether a table is as long as it was left."""
    rows = sum(entry.sizes.get(table, 0) for entry in register.entries.values())
    try:
        return (project / table).stat().st_size == len(register.heads[table].encode()) + rows
    except FileNotFoundError:
        return False


def _write(draft: Draft, register: Register, table: str, new: Mapping[str, Segment | None], head: Head) -> None:
    """Write a table if it has changed, and note the sizes of its rows."""
    spans = dict(_spans(register, table))
    columns = _columns(draft.columns.get(table), [segment for segment in new.values() if segment])
    old, draft.columns[table] = register.columns.get(table, columns), columns
    before = head(draft, table, columns)
    kept = {key: span for key, span in spans.items() if key in draft.entries and key not in new}
    is_same = len(kept) == len(spans) and not any(new.values()) and before == register.heads.get(table)
    if is_same:
        return
    path = draft.project / table
    pieces: dict[str, Piece] = {}
    for key in draft.entries:
        segment = new.get(key)
        if segment:
            pieces[key] = partial(_text, segment, columns)
        elif key in kept:
            pieces[key] = kept[key] if old == columns else partial(rows_in, path, kept[key], old, columns)
    sizes = splice(path, before, list(pieces.values()))
    draft.heads[table] = before
    for key, size in zip(pieces, sizes, strict=True):
        entry = draft.entries[key]
        if entry.sizes.get(table) != size:
            draft.entries[key] = entry.model_copy(update={"sizes": entry.sizes | {table: size}})


def _spans(register: Register, table: str) -> Iterator[tuple[str, Span]]:
    """Yield where the rows of items are in a table."""
    at = len(register.heads.get(table, "").encode())
    for key, entry in register.entries.items():
        if table in entry.sizes:
            yield key, Span(at, entry.sizes[table])
            at += entry.sizes[table]


def _columns(known: Sequence[str] | None, segments: Sequence[Segment]) -> tuple[str, ...]:
    """Return the columns that all rows of a table can have."""
    columns = tuple(known) if known else ()
    for different in dict.fromkeys(segment.columns for segment in segments):
        columns = agreed(columns, different) if columns else different
    return columns


def _text(segment: Segment, columns: Sequence[str]) -> bytes:
    return segment.text(columns).encode()
