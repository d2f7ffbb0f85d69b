import shutil
from pathlib import Path

import pytest

from flows.averaging import BestClass, Refined, fitted_b_factor, in_hand, require_worth
from flows.averaging_programs import missing_programs, require_programs
from flows.averaging_tools import AveragingTools
from flows.steps import concluded
from tasks.errors import CommandError, ResultError
from tasks.models import Model, ParticleSet
from tasks.models.maps import Class3D, Classes3D, Map, Refinement
from tasks.models.resolution import PostProcessed

PARTICLES = ParticleSet(star=Path("particles.star"), count=300, box_size=32, pixel_size=5, diameter=100)


def density(resolution: float | None = 12.0) -> Map:
    return Map(path=Path("map.mrc"), pixel_size=5, box_size=32, resolution=resolution)


def classes(*resolutions: float | None, best: int = 1) -> Classes3D:
    found = tuple(
        Class3D(number=number, particles=100, fraction=0.5, resolution=resolution, map=density(resolution))
        for number, resolution in enumerate(resolutions, 1)
    )
    files = {"model": Path("model.star"), "optimiser": Path("optimiser.star")}
    return Classes3D(particles=PARTICLES, classes=found, best=best, why="", program="RELION", **files)


def refined(resolution: float | None = 10.0) -> Refined:
    refinement = Refinement(
        particles=PARTICLES,
        map=density(),
        model=Path("model.star"),
        optimiser=Path("optimiser.star"),
        iterations=3,
        program="RELION",
    )
    sharpened = PostProcessed(
        map=density(resolution), masked=Path("a"), mask=Path("b"), fsc=(), star=Path("c"), program="RELION"
    )
    return Refined(refinement=refinement, sharpened=sharpened)


def test_the_density_of_the_best_class_is_gone_on_with():
    best = BestClass(classes=classes(30.0, 12.0, best=2), particles=PARTICLES)
    assert best.density.resolution == 12


def test_a_density_that_is_fine_enough_is_worth_refining():
    require_worth(classes(15.0, 40.0), 20)


@pytest.mark.parametrize(
    ("resolution", "said"), [(21.0, "ends at 21.0 angstrom"), (None, "has no resolution")], ids=["coarse", "none"]
)
def test_a_density_that_is_not_ends_it_with_the_reason(resolution, said):
    with pytest.raises(ResultError, match=said):
        require_worth(classes(resolution, 10.0), 20)


def test_the_hand_stays_as_found_unless_the_other_one_is_wanted(tmp_path):
    found = refined()
    assert concluded(in_hand(found, AveragingTools(), tmp_path)) is found
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("smallest", "resolution"), [(100, None), (200, 10.0)], ids=["no resolution", "two points"])
def test_too_little_for_a_b_factor_is_not_tried(tmp_path, smallest, resolution):
    tools = AveragingTools(smallest_subset=smallest)
    assert concluded(fitted_b_factor(refined(resolution), tools, tmp_path)) is None
    assert not any(tmp_path.iterdir())


class Hopeless(Model):
    """A refinement of which nothing comes."""

    symmetry: str = "C1"

    def refine(self, particles, _reference, _folder):
        raise ResultError(f"the halves of {particles.count} particles agree at no resolution")


def test_parts_that_were_asked_for_are_tried_one_by_one(tmp_path, caplog):
    star = tmp_path / "particles.star"
    rows = "".join(f"1 {number}@a.mrcs\n" for number in range(1, 301))
    star.write_text(
        "data_optics\n\nloop_\n_rlnOpticsGroup #1\n1\n\n"
        f"data_particles\n\nloop_\n_rlnOpticsGroup #1\n_rlnImageName #2\n{rows}"
    )
    particles = PARTICLES.model_copy(update={"star": star})
    found = refined()
    whole = found.model_copy(update={"refinement": found.refinement.model_copy(update={"particles": particles})})
    tools = AveragingTools(smallest_subset=100).model_copy(update={"refiner": Hopeless()})
    assert concluded(fitted_b_factor(whole, tools, tmp_path, asked=[100, 200, 400])) is None
    assert [message.split(":")[0] for message in caplog.messages] == [
        "100 particles have no resolution",
        "200 particles have no resolution",
    ]
    with pytest.raises(ResultError, match="halves of 100 particles"):
        concluded(fitted_b_factor(whole, tools, tmp_path))


def test_programs_that_are_not_installed_are_named(tmp_path, monkeypatch):
    for name in ("relion_refine", "relion_align_symmetry", "relion_postprocess", "relion_mask_create"):
        (tmp_path / name).symlink_to(shutil.which("true"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing_programs(AveragingTools()) == ["mpirun", "relion_refine_mpi"]
    with pytest.raises(CommandError, match=r"300 particles are extracted.*mpirun, relion_refine_mpi were not found"):
        require_programs(AveragingTools(), PARTICLES)


def test_programs_of_tools_that_are_not_chosen_are_not_missed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    given = AveragingTools.model_validate({"model_finder": {"tool": "given", "map": "known.mrc"}})
    assert "relion_class_ranker" not in missing_programs(given)
