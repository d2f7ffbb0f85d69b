"""CTFFIND 5 (Elferich et al. 2024, doi:10.7554/eLife.97227), which can tell tilt and thickness of the specimen."""

from pathlib import Path
from typing import Literal, Self

from pydantic import PositiveFloat, model_validator

from tasks.ctf_estimation.ctffind import Ctffind
from tasks.models import Executable, Optics


class Ctffind5(Ctffind):
    """Fit the contrast transfer function with CTFFIND 5, and the tilt or the thickness of the specimen with it."""

    tool: Literal["ctffind5"] = "ctffind5"
    executable: Executable = "ctffind5"
    find_tilt: bool = False
    """Determine tilt and tilt axis of the specimen from how the defocus changes over the image: slow, and not to be had
    while a phase shift is searched."""
    find_thickness: bool = False
    """Determine the thickness of the specimen from where Thon rings fade and come back."""
    thickness_search: bool = True
    """Search the thickness in the radial average."""
    thickness_refinement: bool = True
    """Refine thickness and defocus in two dimensions."""
    node_range: tuple[PositiveFloat, PositiveFloat] = (30.0, 3.0)
    """Lowest and highest resolution in angstrom at which rings are looked at for the thickness."""
    rounded_square_nodes: bool = False
    """Take the specimen for a rounded square rather than a slab, for the thickness."""
    downweight_nodes: bool = False
    """Trust rings less where they fade, for the thickness."""

    @model_validator(mode="after")
    def tilt_has_no_phase(self) -> Self:
        """Refuse what the program would not ask for."""
        if self.find_tilt and self.phase_shift_range is not None:
            raise ValueError("find_tilt: CTFFIND 5 does not determine the tilt while it searches a phase shift")
        return self

    def answers(self, source: Path, output: Path, pixel_size: float, optics: Optics) -> list[object]:
        """Answer the questions of CTFFIND 5 in the order it asks them."""
        tilt = [_word(self.find_tilt)] if self.phase_shift_range is None else []
        known = super().answers(source, output, pixel_size, optics)
        return [*known, *tilt, _word(self.find_thickness), *self._of_thickness(), "no"]

    def _of_thickness(self) -> list[object]:
        """Answer what is asked only of those who want to know the thickness."""
        if not self.find_thickness:
            return []
        return [
            _word(self.thickness_search),
            _word(self.thickness_refinement),
            *self.node_range,
            _word(self.rounded_square_nodes),
            _word(self.downweight_nodes),
        ]


def _word(answer: bool) -> str:
    return "yes" if answer else "no"
