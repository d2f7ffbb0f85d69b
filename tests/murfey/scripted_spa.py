"""How the scripted Murfey treats a data collection of single particles: the tables, the holds, and what follows."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from murfey.scripted_densities import Densities
from murfey.scripted_paths import motion_corrected

if TYPE_CHECKING:
    from murfey.scripted import ScriptedMurfey

Body = dict[str, Any]
RECIPES = tuple(f"em-spa-{stage}" for stage in ("preprocess", "extract", "class2d", "class3d", "refine"))
CLASSIFICATION_2D = {
    "nr_iter": 25,
    "do_icebreaker_jobs": True,
    "class2d_fraction_of_classes_to_remove": 0.7,
}


@dataclass
class Batch:
    """A row of class2dparameters."""

    particles_file: str
    class2d_dir: str
    batch_size: int
    group: int
    complete: bool = True


@dataclass
class Collection:
    """A data collection of single particles, from its first movie to its last B factor."""

    murfey: "ScriptedMurfey"
    raw: str
    pixel_size: float = 0.8310000000000001
    dose: float = 1.1
    voltage: int = 300
    gain: str | None = None
    binning: int = 1
    mask_diameter: float = 190.0
    """Is the default of Murfey's table, and has nothing to do with the particles."""
    runs_class3d: bool = True
    particle_diameter: float | None = None
    movies: dict[int, Body] = field(default_factory=dict)
    """By mc_uuid: the path, and whether it is preprocessed."""
    sizes: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Diameters of particles by program."""
    ctfs: dict[int, list[Body]] = field(default_factory=lambda: defaultdict(list))
    """What is known of the micrographs, by program; an extraction is asked for with it."""
    batches: list[Batch] = field(default_factory=list)
    hold_class2d: bool = False
    rerun_class2d: bool = False
    class_selection_score: float = 0.0
    star_combination_job: int = 0
    next_job: int = 10

    def __post_init__(self) -> None:
        self.dcid, self.programs = self.murfey.data_collection(*RECIPES)
        self.densities = Densities(self)

    @property
    def project(self) -> Path:
        return self.murfey.site.folder / "processed" / self.raw

    def holds(self) -> dict[str, bool]:
        densities = self.densities
        return {"2D": self.hold_class2d, "3D": densities.hold_class3d, "refinement": densities.hold_refine}

    def handlers(self) -> dict[str, Callable[[Body], object]]:
        return {
            "picked_particles": self._picked,
            "incomplete_particles_file": self._incomplete,
            "complete_particles_file": self._complete,
            "done_incomplete_2d_batch": self._done_incomplete,
            "save_class_selection_score": self._score,
            **self.densities.handlers(),
        }

    # What happens at the microscope

    def movie(self, name: str, *, number: int | None = None, foil_hole: int | None = None) -> Body:
        """Announce a movie, perhaps again: each time has new numbers."""
        site = self.murfey.site
        path = site.folder / self.raw / name
        motion, picks = self.murfey.ids(self.programs["em-spa-preprocess"], 2)
        self.movies[motion] = {"path": str(path), "preprocessed": False}
        parameters = {
            "node_creator_queue": "node_creator",
            "dcid": self.dcid,
            "kv": self.voltage,
            "autoproc_program_id": self.programs["em-spa-preprocess"],
            "movie": str(path),
            "mrc_out": str(motion_corrected(site.folder, path)),
            "pixel_size": self.pixel_size,
            "image_number": number or len(self.movies),
            "microscope": site.microscope,
            "mc_uuid": motion,
            "foil_hole_id": foil_hole,
            "ft_bin": self.binning,
            "fm_dose": self.dose,
            "gain_ref": self.gain,
            "picker_uuid": picks,
            "session_id": site.session,
            "particle_diameter": self.particle_diameter or 0,
            "fm_int_file": None,
            "do_icebreaker_jobs": True,
            "cryolo_model_weights": ".",
        }
        return self.murfey.send("em-spa-preprocess", parameters)

    # Feedback

    def _picked(self, message: Body) -> None:
        program = int(message["program_id"])
        self.movies[message["motion_correction_id"]]["preprocessed"] = True
        extraction = message["extraction_parameters"]
        ctf = extraction["ctf_values"]
        known = {
            "micrographs_file": extraction["micrographs_file"],
            "coord_list_file": extraction["coord_list_file"],
            "output_file": extraction["extract_file"],
            "ctf_image": ctf["CtfImage"],
            "ctf_max_resolution": float(ctf["CtfMaxResolution"]),
            "ctf_figure_of_merit": float(ctf["CtfFigureOfMerit"]),
            "defocus_u": float(ctf["DefocusU"]),
            "defocus_v": float(ctf["DefocusV"]),
            "defocus_angle": float(ctf["DefocusAngle"]),
        }
        self.ctfs[program].append(known)
        # The count is that before this message.
        if len(self.sizes[program]) <= self.murfey.site.sizes_for_diameter:
            diameters = message["particle_diameters"]
            if not isinstance(diameters, list):
                raise TypeError("particle_diameters is no list")
            self.sizes[program] += [float(diameter) for diameter in diameters]
            return
        self._extract(message, program, known)

    def _extract(self, message: Body, program: int, known: Body) -> None:
        session = self.murfey.require_session(message)
        if program != self.programs["em-spa-preprocess"]:
            raise LookupError(f"no parameters of program {program}")
        waiting = [known]
        if not self.particle_diameter:
            self.particle_diameter = float(np.quantile(self.sizes[program], 0.75))
            waiting = self.ctfs[program]
        for each in waiting:
            parameters = each | {
                "pixel_size": self.pixel_size * self.binning,
                "particle_diameter": self.particle_diameter,
                "downscale": True,
                "kv": self.voltage,
                "node_creator_queue": "node_creator",
                "session_id": session,
                "autoproc_program_id": self.programs["em-spa-extract"],
                "batch_size": self.murfey.site.batch_size,
            }
            self.murfey.send("em-spa-extract", parameters)

    def _incomplete(self, message: Body) -> None:
        session = self.murfey.require_session(message)
        if self.hold_class2d:
            self.rerun_class2d = True
            return
        self.next_job, self.hold_class2d = 10, True
        asked, program = message["class2d_message"], int(message["program_id"])
        if not self._batch(asked["particles_file"]):
            self._new_batch(asked, program, program, complete=False)
        batch = self._batch(asked["particles_file"])
        self._send_2d(
            session=session,
            particles_file=batch.particles_file,
            class2d_dir=f"{asked['class2d_dir']}{self.next_job:03}",
            batch_is_complete=False,
            batch_size=self.murfey.site.batch_size,
            mask_diameter=0,
            combine_star_job_number=-1,
            class_uuids=self._uuids(batch.particles_file),
            class2d_grp_uuid=batch.group,
        )

    def _complete(self, message: Body) -> None:
        session = self.murfey.require_session(message)
        asked = message["class2d_message"]
        known = self._batch(asked["particles_file"])
        if self.hold_class2d:
            self.rerun_class2d = True
            if known:
                known.complete = True
            else:
                self._new_batch(asked, int(message["program_id"]), self.programs["em-spa-class2d"], complete=True)
            return
        first = not self.class_selection_score
        if first:
            self.star_combination_job = self.star_combination_job or self.next_job + 3
        self._send_2d(
            session=session,
            particles_file=asked["particles_file"],
            class2d_dir=f"{asked['class2d_dir']}{self.next_job:03}",
            batch_is_complete=True,
            batch_size=self.murfey.site.batch_size,
            mask_diameter=self.mask_diameter,
            combine_star_job_number=self.star_combination_job,
            autoselect_min_score=0 if first else self.class_selection_score,
            **self._numbers(asked["particles_file"], known),
        )
        self.hold_class2d = first
        self.next_job += 4 if first else 3

    def _done_incomplete(self, message: Body) -> None:
        if not self.rerun_class2d:
            self.hold_class2d = False
            return
        # Of several stored batches any may come first, whatever the folder is.
        batch = self.batches[0]
        self._send_2d(
            session=self.murfey.require_session(message),
            particles_file=batch.particles_file,
            class2d_dir=message["job_dir"],
            batch_is_complete=batch.complete,
            batch_size=batch.batch_size,
            mask_diameter=self.mask_diameter,
            combine_star_job_number=self.star_combination_job,
            autoselect_min_score=self.class_selection_score or 0,
            class_uuids=self._uuids(batch.particles_file),
            class2d_grp_uuid=batch.group,
            autoproc_program_id=message["program_id"],
        )
        self.rerun_class2d = False
        if batch.complete:
            self.next_job += 4
            self.batches.remove(batch)

    def _score(self, message: Body) -> None:
        session = self.murfey.require_session(message)
        self.class_selection_score = float(message.get("class_selection_score") or 0)
        self.hold_class2d = False
        self.star_combination_job = self.star_combination_job or self.next_job + 3
        for batch in [each for each in self.batches if each.complete]:
            self._send_2d(
                session=session,
                particles_file=batch.particles_file,
                class2d_dir=f"{batch.class2d_dir}{self.next_job:03}",
                batch_is_complete=True,
                batch_size=batch.batch_size,
                mask_diameter=self.mask_diameter,
                combine_star_job_number=self.star_combination_job,
                autoselect_min_score=self.class_selection_score,
                class_uuids=self._uuids(batch.particles_file),
                class2d_grp_uuid=batch.group,
            )
            self.next_job += 3
        # The rows go, the wish to run again stays.
        self.batches.clear()

    # Tables

    def _batch(self, particles_file: str) -> Batch | None:
        return next((batch for batch in self.batches if batch.particles_file == particles_file), None)

    def _new_batch(self, asked: Body, of_group: int, of_classes: int, *, complete: bool) -> None:
        file = asked["particles_file"]
        group = self.murfey.ids(of_group)[0]
        self.batches.append(Batch(file, asked["class2d_dir"], int(asked["batch_size"]), group, complete))
        # The rows of classes outlive those of batches.
        if any(known == file for _, known, _ in self.murfey.classes_2d):
            raise ValueError(f"duplicate key: classes of {file}")
        numbers = self.murfey.ids(of_classes, self.murfey.site.classes_2d)
        self.murfey.classes_2d += [(count, file, number) for count, number in enumerate(numbers)]

    def _uuids(self, particles_file: str) -> dict[str, int]:
        found = {str(count): number for count, file, number in self.murfey.classes_2d if file == particles_file}
        if not found:
            raise ValueError(f"No 2D classification IDs found for {particles_file}")
        return found

    def _numbers(self, particles_file: str, known: Batch | None) -> Body:
        """Return the numbers of a batch: those it has, or new ones that count from 1."""
        if known:
            return {"class_uuids": self._uuids(particles_file), "class2d_grp_uuid": known.group}
        give = partial(self.murfey.ids, self.programs["em-spa-class2d"])
        classes = {str(count): number for count, number in enumerate(give(self.murfey.site.classes_2d), start=1)}
        return {"class_uuids": classes, "class2d_grp_uuid": give()[0]}

    def _send_2d(self, *, session: int, **particular: object) -> None:
        common = {
            "particle_diameter": self.particle_diameter,
            "nr_classes": self.murfey.site.classes_2d,
            "seed": self.murfey.seed(),
            "session_id": session,
            "autoproc_program_id": self.programs["em-spa-class2d"],
            "node_creator_queue": "node_creator",
        }
        self.murfey.send("em-spa-class2d", CLASSIFICATION_2D | common | particular)
