"""What Murfey is told of densities."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from tasks.models import Model
from tasks.murfey.feedback.base import SpaFeedback
from tasks.murfey.values import AbsolutePath, Count, Identifier, Positive, Size, Symmetry


class Class3DMessage(Model):
    """Particles to be classified in 3D."""

    particles_file: AbsolutePath
    """Star file of the particles: Murfey knows them by its folder, so it must be unique among its sessions."""
    class3d_dir: AbsolutePath
    """The folder of the classification without its number, as in /.../Class3D/job."""
    batch_size: Count
    """Number of particles."""


class RunClass3D(SpaFeedback):
    """There are enough good particles for a classification in 3D."""

    register: ClassVar[Literal["run_class3d"]] = "run_class3d"
    identity: ClassVar[tuple[str, ...]] = ("particles_file",)

    class3d_message: Class3DMessage
    """What the request for the classification repeats."""

    @property
    def particles_file(self) -> str:
        """Star file of the particles."""
        return str(self.class3d_message.particles_file)


class SaveInitialModel(SpaFeedback):
    """There is a first density."""

    register: ClassVar[Literal["save_initial_model"]] = "save_initial_model"
    identity: ClassVar[tuple[str, ...]] = ("initial_model",)

    initial_model: AbsolutePath
    """The first density."""


class Done3DBatch(SpaFeedback):
    """A classification in 3D has ended, or failed: the next one may begin. The occasion says which one."""

    register: ClassVar[Literal["done_3d_batch"]] = "done_3d_batch"

    do_refinement: bool
    """Whether a class is worth a refinement."""
    refine_dir: AbsolutePath | None = None
    """The folder of that refinement without its number, as in /.../Refine3D/job."""
    class3d_dir: AbsolutePath | None = None
    """The folder of the classification with its number."""
    best_class: Positive | None = None
    """That class, counted from 1."""

    @model_validator(mode="after")
    def _names_the_class(self) -> Self:
        if self.do_refinement and None in (self.refine_dir, self.class3d_dir, self.best_class):
            message = "refine_dir, class3d_dir and best_class are needed for a refinement"
            raise ValueError(message)
        return self


class DoneRefinement(SpaFeedback):
    """A density is refined; Murfey then asks for refinements of fewer particles, for the B-factor."""

    register: ClassVar[Literal["done_refinement"]] = "done_refinement"
    identity: ClassVar[tuple[str, ...]] = ("refined_class_uuid", "number_of_particles")

    symmetry: Symmetry
    """Symmetry of the density; Murfey passes over others than that of the session."""
    project_dir: AbsolutePath
    """Folder of the project."""
    number_of_particles: Count
    """Number of particles."""
    resolution: Size
    """Resolution in angstrom."""
    refined_grp_uuid: Identifier
    """Murfey's number of the refinement, from the request."""
    refined_class_uuid: Identifier
    """Murfey's number of the density, from the request."""
    class_reference: AbsolutePath
    """Density with which the refinement began."""
    class_number: Count
    """Class of the particles, counted from 1."""
    mask_file: AbsolutePath
    """Mask of the density."""
    pixel_size: Size
    """Pixel size of the density in angstrom."""


class DoneBFactor(SpaFeedback):
    """Some of the particles are refined, or it failed: after the last such event the next refinement may begin."""

    register: ClassVar[Literal["done_bfactor"]] = "done_bfactor"
    identity: ClassVar[tuple[str, ...]] = ("refined_class_uuid", "number_of_particles")

    number_of_particles: Count
    """Number of particles, from the request."""
    resolution: Size
    """Resolution in angstrom. Murfey takes 0 for one that is still to come, so it is never sent."""
    refined_class_uuid: Identifier
    """Murfey's number of the density, from the request."""
