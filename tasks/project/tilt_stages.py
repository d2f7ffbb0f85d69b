"""Which jobs a tilt series has passed, and what each lists of its tilts."""

from collections.abc import Sequence

from tasks.project.found import ProcessedTiltSeries
from tasks.project.tilt_rows import Columns, TiltRow

STAGES = ("import", "motion", "ctf", "exclude", "align", "tomograms", "denoise")
CHOSEN = STAGES[3:]
"""The stages that list the chosen tilts only, in the order of the tilt angle; others in the order of acquisition."""


def passed(found: ProcessedTiltSeries) -> tuple[str, ...]:
    """Return the stages that have a result."""
    results = {
        "import": True,
        "motion": bool(found.motions),
        "ctf": bool(found.ctfs),
        "exclude": found.alignment is not None,
        "align": found.alignment is not None,
        "tomograms": found.tomogram is not None,
        "denoise": found.denoised is not None,
    }
    return tuple(stage for stage in STAGES if results[stage])


def failed(found: ProcessedTiltSeries) -> str | None:
    """Return the stage at which a series has stopped for good; none if it has not."""
    last = STAGES.index(passed(found)[-1])
    leaves_out = {"exclude"} if found.series.movies else {"motion", "exclude"}
    left = [stage for stage in STAGES[last + 1 :] if stage not in leaves_out]
    return left[0] if found.failure and left else None


def listed(rows: Sequence[TiltRow], stage: str, has_ctf: bool) -> list[Columns]:
    """Return what a stage lists of the tilts.

    RELION needs the same columns of every tilt: one without a CTF is left out, unless all are without.
    """
    order = sorted(rows, key=lambda row: row.angle) if stage in CHOSEN else rows
    return common([columns for row in order if (columns := _columns(row, stage, has_ctf)) is not None])


def common(rows: Sequence[Columns]) -> list[Columns]:
    """Keep the columns for which every row has a value."""
    names = [name for name in rows[0] if all(name in row for row in rows)] if rows else []
    return [{name: row[name] for name in names} for row in rows]


def _columns(row: TiltRow, stage: str, has_ctf: bool) -> Columns | None:
    parts: dict[str, Columns | None] = {
        "import": row.imported,
        "motion": row.moved,
        "ctf": row.fitted if has_ctf else {},
        "exclude": None if row.aligned is None else {},
        "align": row.aligned,
        "tomograms": {"rlnCtfScalefactor": row.scale},
    }
    shown = [parts[name] for name in STAGES[: STAGES.index(stage) + 1] if name in parts]
    found = [part for part in shown if part is not None]
    return {name: value for part in found for name, value in part.items()} if len(found) == len(shown) else None
