"""Where the jobs of a density are in a project, and under which names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.formats.star_text import Value
from tasks.project.found import ProcessedDensity
from tasks.project.job import Job, Outcome
from tasks.project.runs import Names

_FOLDERS = {
    "first": "InitialModel",
    "class3d": "Class3D",
    "best": "Select",
    "refine3d": "Refine3D",
    "mask": "MaskCreate",
    "postprocess": "PostProcess",
    "b_factor": "External",
}


@dataclass(frozen=True)
class DensityPlace:
    """One density of a project."""

    project: Path
    density: ProcessedDensity
    numbers: Mapping[str, int]
    """Numbers of jobs by what we call them."""
    names: Names
    is_only: bool
    """Whether it is the first of its session; later ones say in their aliases which they are."""
    reference: str
    """The initial model of an earlier density."""

    @property
    def particles(self) -> str:
        """The particles that it began with."""
        return f"JoinStar/job009/particles_batch_{self.density.name}.star"

    @property
    def group(self) -> str:
        """The point group that was found."""
        density = self.density
        known = (density.refinement, density.classes and density.classes.best_class, density.symmetry, density.first)
        return next((found.map.symmetry for found in known if found), "C1")

    @property
    def model(self) -> str:
        """The density without a reference that it began with."""
        return f"{self.folder('first')}/initial_model.mrc" if self.density.first else self.reference

    def folder(self, kind: str) -> str:
        """Return the folder of a job."""
        return f"{_FOLDERS[kind]}/job{self.numbers[f'{kind} {self.density.name}']:03d}"

    def outcome(  # noqa: PLR0913 - what a job is
        self,
        kind: str,
        label: str,
        alias: str,
        *,
        inputs: tuple[str, ...],
        outputs: tuple[tuple[str, str], ...],
        options: Mapping[str, Value],
        notes: tuple[str, ...] = (),
        programs: tuple[str, ...] = (),
    ) -> Outcome:
        """Return a job; one without a program has failed."""
        name = alias if self.is_only else f"{alias}_{self.density.name}"
        given = tuple(file for file in inputs if file)
        job = Job(folder=self.folder(kind), type=label, alias=name, inputs=given, outputs=outputs if programs else ())
        failures = () if programs else (f"{self.density.name}: {self.density.failure}",)
        found = tuple(dict.fromkeys(programs))
        return Outcome(
            job=job, done=len(found[:1]), failures=failures, options=dict(options), notes=notes, programs=found
        )
