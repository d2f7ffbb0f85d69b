"""How the scripted Murfey treats densities: 3D classes, refinement and B factors of a data collection."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from murfey.scripted_spa import Collection

Body = dict[str, Any]
CLASSES = 4
CLASSIFICATION_3D = {
    "nr_iter": 25,
    "initial_model_iterations": 100,
    "nr_classes": CLASSES,
    "do_icebreaker_jobs": True,
    "class2d_fraction_of_classes_to_remove": 0.7,
}


@dataclass
class Classification:
    """The row of class3dparameters."""

    particles_file: str
    class3d_dir: str
    batch_size: int
    group: int
    run: bool = False


@dataclass
class Refinement:
    """The rows of refineparameters and refine3d."""

    refine_dir: str
    class3d_dir: str
    class_number: int
    uuids: Body
    run: bool = False


@dataclass
class Part:
    """A row of bfactors."""

    directory: str
    particles: int
    resolution: float


@dataclass
class Densities:
    """What follows from 2D classes that were kept."""

    spa: "Collection"
    hold_class3d: bool = False
    hold_refine: bool = False
    initial_model: str = ""
    classification: Classification | None = None
    refinement: Refinement | None = None
    whole: Body | None = None
    """The row of bfactorparameters: what the first refinement said, for ever."""
    parts: list[Part] = field(default_factory=list)

    def handlers(self) -> dict[str, Callable[[Body], object]]:
        return {
            "run_class3d": self._class3d,
            "save_initial_model": self._model,
            "done_3d_batch": self._done_3d,
            "done_refinement": self._done_refinement,
            "done_bfactor": self._done_b_factor,
        }

    def _class3d(self, message: Body) -> None:
        self._session(message)
        if not self.spa.runs_class3d:
            return
        asked = message["class3d_message"]
        file, size = asked["particles_file"], int(asked["batch_size"])
        if self.hold_class3d:
            row = _one(self.classification, "class3dparameters")
            row.run, row.particles_file, row.batch_size = True, file, size
        elif not self.initial_model:
            self._first(message, file, f"{asked['class3d_dir']}{self.spa.next_job + 1:03}", size)
        else:
            row = _one(self.classification, "class3dparameters")
            uuids = self._uuids(row.particles_file)
            self._send_3d(file, row, size, self._with_model() | {"class_uuids": uuids})
            self.hold_class3d = True

    def _first(self, message: Body, file: str, folder: str, size: int) -> None:
        if self.classification:
            raise ValueError(f"duplicate key: class3dparameters of {file}")
        program, murfey = int(message["program_id"]), self.spa.murfey
        group = murfey.ids(program)[0]
        classes = murfey.ids(program, CLASSES)
        self.classification = Classification(file, folder, size, group)
        murfey.classes_3d += [(count, str(Path(file).parent), number) for count, number in enumerate(classes)]
        self.spa.next_job += 2
        uuids = {str(count): number for count, number in enumerate(classes, start=1)}
        self._send_3d(file, self.classification, size, {"do_initial_model": True, "class_uuids": uuids})
        self.hold_class3d = True

    def _model(self, message: Body) -> None:
        self.initial_model = message.get("initial_model")

    def _done_3d(self, message: Body) -> None:
        row = _one(self.classification, "class3dparameters")
        if row.run:
            self._session(message)
            uuids = self._uuids(row.particles_file)
            self._send_3d(row.particles_file, row, row.batch_size, self._with_model() | {"class_uuids": uuids})
            row.run = False
        else:
            self.hold_class3d = False
        if message.get("do_refinement"):
            self._refine(message)

    def _refine(self, message: Body) -> None:
        self._session(message)
        folder, best = message["class3d_dir"], int(message["best_class"])
        if self.hold_refine:
            row = _one(self.refinement, "refineparameters")
            # The folder of the refinement stays as it was.
            row.run, row.class3d_dir, row.class_number = True, folder, best
            return
        if not self.refinement:
            names = ("refined_grp_uuid", "refined_class_uuid", "symmetry_refined_grp_uuid")
            names += ("symmetry_refined_class_uuid",)
            numbers = self.spa.murfey.ids(int(message["program_id"]), len(names))
            where = f"{message['refine_dir']}{self.spa.next_job + 2:03}"
            self.refinement = Refinement(where, folder, best, dict(zip(names, numbers, strict=True)))
            self.spa.next_job += 8 if self.spa.murfey.site.symmetry == "C1" else 5
        self._send_refine(folder, best)
        self.hold_refine = True

    def _done_refinement(self, message: Body) -> None:
        self._session(message)
        if message["symmetry"] != self.spa.murfey.site.symmetry:
            return
        if not self.hold_refine:
            raise ValueError("B-Factors requested but refine hold is off")
        number, project = int(message["number_of_particles"]), message["project_dir"]
        self._add(Part(f"{project}/Refine3D/bfactor_{number}", number, float(message["resolution"])))
        names = ("refined_grp_uuid", "refined_class_uuid", "class_reference", "class_number", "mask_file")
        self.whole = self.whole or {"project_dir": project, "batch_size": number} | {
            name: message[name] for name in names
        }
        particles = self.spa.murfey.site.fewest_for_b_factor
        while particles < self.whole["batch_size"]:
            self._ask_for_part(f"{self.whole['project_dir']}/BFactors/bfactor_{particles}", particles, message)
            particles *= 2

    def _ask_for_part(self, directory: str, particles: int, message: Body) -> None:
        known = next((part for part in self.parts if part.directory == directory), None)
        if known:
            known.resolution = 0.0
        else:
            self._add(Part(directory, particles, 0.0))
        whole = dict(self.whole or {})
        parameters = {
            "bfactor_directory": directory,
            "number_of_particles": particles,
            "mask": whole.pop("mask_file"),
            "pixel_size": message["pixel_size"],
            "particle_diameter": self.spa.particle_diameter,
            "mask_diameter": self.spa.mask_diameter,
        }
        whole.pop("project_dir")
        self._send("em-spa-bfactor", "em-spa-refine", whole | parameters)

    def _done_b_factor(self, message: Body) -> None:
        number = int(message["number_of_particles"])
        (part,) = [each for each in self.parts if each.particles == number]
        part.resolution = float(message["resolution"])
        if not all(each.resolution for each in self.parts):
            return
        inverse_squares = [1 / each.resolution**2 for each in self.parts]
        linear, intercept = _line(np.log([each.particles for each in self.parts]), np.array(inverse_squares))
        self.spa.murfey.to_ispyb.append(
            {
                "ispyb_command": "buffer",
                "buffer_lookup": {"particle_classification_id": message["refined_class_uuid"]},
                "buffer_command": {"ispyb_command": "insert_particle_classification"},
                "program_id": message["program_id"],
                "bfactor_fit_intercept": str(intercept),
                "bfactor_fit_linear": str(linear),
            }
        )
        self.parts.clear()
        self._release_refinement(message)

    def _release_refinement(self, message: Body) -> None:
        row = _one(self.refinement, "refineparameters")
        if not row.run:
            self.hold_refine = False
            return
        self._session(message)
        self._send_refine(row.class3d_dir, row.class_number)
        row.run = False

    def _session(self, message: Body) -> int:
        return self.spa.murfey.require_session(message)

    def _add(self, part: Part) -> None:
        if any(each.directory == part.directory for each in self.parts):
            raise ValueError(f"duplicate key: bfactors {part.directory}")
        self.parts.append(part)

    def _uuids(self, particles_file: str) -> dict[str, int]:
        folder = str(Path(particles_file).parent)
        found = {str(count): number for count, of, number in self.spa.murfey.classes_3d if of == folder}
        if not found:
            raise ValueError(f"No 3D classification IDs found for {particles_file}")
        return found

    def _with_model(self) -> Body:
        return {"do_initial_model": not self.initial_model, "initial_model_file": self.initial_model}

    def _send_3d(self, file: str, row: Classification, size: int, particular: Body) -> None:
        common = {
            "particles_file": file,
            "class3d_dir": row.class3d_dir,
            "batch_size": size,
            "symmetry": self.spa.murfey.site.symmetry,
            "particle_diameter": self.spa.particle_diameter,
            "mask_diameter": self.spa.mask_diameter,
            "class3d_grp_uuid": row.group,
            "seed": self.spa.murfey.seed(),
        }
        self._send("em-spa-class3d", "em-spa-class3d", CLASSIFICATION_3D | common | particular)

    def _send_refine(self, class3d_dir: str, class_number: int) -> None:
        row = _one(self.refinement, "refineparameters")
        parameters = {
            "refine_job_dir": row.refine_dir,
            "class3d_dir": class3d_dir,
            "class_number": class_number,
            "pixel_size": self.spa.pixel_size * self.spa.binning,
            "particle_diameter": self.spa.particle_diameter,
            "mask_diameter": self.spa.mask_diameter,
            "symmetry": self.spa.murfey.site.symmetry,
            "nr_iter": 25,
            "seed": self.spa.murfey.seed(),
        }
        self._send("em-spa-refine", "em-spa-refine", parameters | row.uuids)

    def _send(self, recipe: str, job: str, parameters: Body) -> None:
        common = {
            "session_id": self.spa.murfey.site.session,
            "autoproc_program_id": self.spa.programs[job],
            "node_creator_queue": "node_creator",
        }
        self.spa.murfey.send(recipe, parameters | common)


def _one(row: Any, table: str) -> Any:
    if row is None:
        raise LookupError(f"no row in {table}")
    return row


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of the line through points; one point has the shortest such pair, as in polyfit."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    scale = np.sqrt((design**2).sum(axis=0))
    slope, intercept = np.linalg.lstsq(design / scale, y, rcond=None)[0] / scale
    return float(slope), float(intercept)
