"""Requests for averages of many particles: classes in 2D and 3D, refinement, the B-factor."""

from typing import ClassVar

from tasks.murfey.request import Request
from tasks.murfey.values import (
    AbsolutePath,
    ClassIdentifiers,
    Fraction,
    Identifier,
    KnownSize,
    Number,
    Positive,
    Size,
    Symmetry,
    Truth,
    Whole,
)


class Average(Request):
    """Particles and their size."""

    answers_name: ClassVar[tuple[str, ...]] = ("autoproc_program_id", "session_id")

    session_id: Identifier | None = None
    """Murfey's session."""
    particle_diameter: KnownSize = None
    """Diameter of the particles in angstrom; none if it is not known."""
    mask_diameter: KnownSize = None
    """Diameter of the mask in angstrom; none if it is left to the diameter of the particles."""
    seed: Whole | None = None
    """Seed of random numbers: another one in each message, so it says nothing of what is asked for."""


class Classification(Average):
    """A file of particles that are to be classified."""

    particles_file: AbsolutePath
    """The particles, as an answer of ours named them."""
    batch_size: Positive = 50000
    """Number of particles in a batch."""
    class_uuids: ClassIdentifiers = ()
    """Murfey's numbers of the classes; the first one is that of class 1."""
    nr_iter: Positive = 25
    """Number of iterations."""
    do_icebreaker_jobs: Truth = True
    """Whether particles are to be grouped by the thickness of the ice."""
    class2d_fraction_of_classes_to_remove: Fraction = 0.7
    """Fraction of the classes of the first batch that lie below the score which it sets."""


class SpaClass2D(Classification):
    """Classify particles in 2D; again, when the file has grown meanwhile."""

    recipe: ClassVar[str] = "em-spa-class2d"
    kind: ClassVar[str] = "particle_batch"
    identity: ClassVar[tuple[str, ...]] = ("particles_file", "class2d_dir", "batch_is_complete")
    place: ClassVar[str] = "class2d_dir"

    class2d_dir: AbsolutePath
    """Folder in which the classes are looked for."""
    batch_is_complete: Truth
    """Whether the batch is full, so that its good classes are selected."""
    class2d_grp_uuid: Identifier | None = None
    """Murfey's number of the classification."""
    combine_star_job_number: Whole = -1
    """Number of the job that collects selected particles; -1 or 0 before there is one."""
    autoselect_min_score: Number | None = None
    """Least score of a good class; 0 if it is to be found and answered, none if nothing is to be selected."""
    nr_classes: Positive = 50
    """Number of classes."""


class SpaClass3D(Classification):
    """Classify particles in 3D, with a first density if there is none yet."""

    recipe: ClassVar[str] = "em-spa-class3d"
    kind: ClassVar[str] = "classification_3d"
    identity: ClassVar[tuple[str, ...]] = ("class3d_dir", "particles_file")
    place: ClassVar[str] = "class3d_dir"

    class3d_dir: AbsolutePath
    """Folder in which the classes are looked for: the same one for all batches of a session."""
    class3d_grp_uuid: Identifier | None = None
    """Murfey's number of the classification: the same one for all batches of a session."""
    symmetry: Symmetry = "C1"
    """Symmetry of the particles."""
    do_initial_model: Truth = False
    """Whether a first density is to be made."""
    initial_model_file: AbsolutePath | None = None
    """The first density, if it is not to be made."""
    initial_model_iterations: Positive = 100
    """Number of iterations for the first density."""
    nr_classes: Positive = 4
    """Number of classes."""


class SpaRefine(Average):
    """Refine a class of a classification in 3D."""

    recipe: ClassVar[str] = "em-spa-refine"
    kind: ClassVar[str] = "refinement"
    identity: ClassVar[tuple[str, ...]] = ("refine_job_dir", "class3d_dir", "class_number")
    place: ClassVar[str] = "refine_job_dir"

    refine_job_dir: AbsolutePath
    """Folder in which the density is looked for: the same one for all refinements of a session."""
    class3d_dir: AbsolutePath
    """Folder of the classification, as an answer of ours named it."""
    class_number: Positive
    """The class, counted from 1."""
    pixel_size: Size
    """Pixel size of the micrographs in angstrom, after binning."""
    symmetry: Symmetry = "C1"
    """Symmetry of the session; the answer counts only if it repeats it."""
    nr_iter: Positive = 25
    """Number of iterations of the classification."""
    refined_class_uuid: Identifier | None = None
    """Murfey's number of the density without symmetry."""
    refined_grp_uuid: Identifier | None = None
    """Murfey's number of the refinement without symmetry."""
    symmetry_refined_class_uuid: Identifier | None = None
    """Murfey's number of the density with the symmetry that is found."""
    symmetry_refined_grp_uuid: Identifier | None = None
    """Murfey's number of the refinement with the symmetry that is found."""


class SpaBFactor(Average):
    """Refine some of the particles of a refinement, for a B-factor from several such numbers."""

    recipe: ClassVar[str] = "em-spa-bfactor"
    kind: ClassVar[str] = "b_factor"
    identity: ClassVar[tuple[str, ...]] = ("bfactor_directory", "number_of_particles")
    place: ClassVar[str] = "bfactor_directory"

    bfactor_directory: AbsolutePath
    """Folder in which the density is looked for."""
    class_reference: AbsolutePath
    """Density with which the refinement begins, as an answer of ours named it."""
    class_number: Positive
    """Class of the particles, counted from 1."""
    number_of_particles: Positive
    """How many particles are refined."""
    batch_size: Positive
    """How many particles they are chosen from."""
    pixel_size: Size
    """Pixel size of the refined density in angstrom, as an answer of ours said it."""
    mask: AbsolutePath
    """Mask of the refined density, as an answer of ours named it."""
    refined_grp_uuid: Identifier | None = None
    """Murfey's number of the refinement."""
    refined_class_uuid: Identifier | None = None
    """Murfey's number of the refined density."""
