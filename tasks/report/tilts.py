"""The story of each tilt of a series, as a table."""

from collections.abc import Mapping, Sequence

from prefect.artifacts import create_table_artifact

from tasks.models import Alignment, Ctf, Exclusion, Model, Motion, Tilt, TiltAlignment
from tasks.report.keys import artifact_key

Row = dict[str, str | float | int | None]


class TiltStory(Model):
    """What was found of one tilt."""

    tilt: Tilt
    motion: Motion | None = None
    ctf: Ctf | None = None
    alignment: TiltAlignment | None = None
    reason: str = ""
    """Why the tilt is not used, or what is missing of it; empty if all is well."""

    def row(self) -> Row:
        """Return the story as a row of a table, rounded for people."""
        motion, ctf, alignment = self.motion, self.ctf, self.alignment
        return {
            "tilt": self.tilt.name,
            "number": self.tilt.number,
            "angle (deg)": round(alignment.angle if alignment else self.tilt.angle, 2),
            "kept": "yes" if alignment else "no",
            "why not": self.reason,
            "dose before (e/A2)": round(self.tilt.pre_exposure, 2),
            "motion (A)": None if motion is None else round(motion.total, 2),
            "defocus (A)": None if ctf is None else round(ctf.defocus),
            "astigmatism (A)": None if ctf is None else round(ctf.astigmatism),
            "CTF resolution (A)": None if ctf is None else round(ctf.resolution, 1),
            "shift x (A)": None if alignment is None else round(alignment.displacement[0], 1),
            "shift y (A)": None if alignment is None else round(alignment.displacement[1], 1),
            "residual (A)": None if alignment is None or alignment.residual is None else round(alignment.residual, 2),
        }


def tell(
    tilts: Sequence[Tilt],
    motions: Mapping[str, Motion],
    ctfs: Mapping[str, Ctf],
    alignment: Alignment,
    reasons: Mapping[str, str],
) -> tuple[TiltStory, ...]:
    """Gather what each step found of each tilt, in the order of the tilts."""
    aligned = {tilt.name: tilt for tilt in alignment.tilts}
    why = {**reasons, **{exclusion.name: exclusion.reason for exclusion in alignment.excluded}}
    return tuple(
        TiltStory(
            tilt=tilt,
            motion=motions.get(tilt.name),
            ctf=ctfs.get(tilt.name),
            alignment=aligned.get(tilt.name),
            reason=why.get(tilt.name, ""),
        )
        for tilt in tilts
    )


def show_tilts(name: str, stories: Sequence[TiltStory], left_out: Sequence[Exclusion]) -> None:
    """Show the tilts of a series, and what was left out before they were tilts, as a table in the UI."""
    rows = [story.row() for story in stories]
    rows += [{"tilt": exclusion.name, "kept": "no", "why not": exclusion.reason} for exclusion in left_out]
    kept = sum(row["kept"] == "yes" for row in rows)
    create_table_artifact(
        table=rows, key=artifact_key("tilts", name), description=f"{kept} of {len(rows)} tilts of {name} are used."
    )
