"""What a request wishes, in place of what the tools of its session do by default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from flows.parameters import problems
from flows.spa_sessions import SpaSession
from tasks.class_selection import ClassSelector, EmbeddedRanking
from tasks.errors import InputError
from tasks.initial_model import GivenModel, InitialModelFinder
from tasks.models import Model
from tasks.murfey import Request, SpaClass2D
from tasks.relion.symmetry import PointGroup
from tasks.symmetry_search import GivenSymmetry

_NAMES = (
    "particle_diameter",
    "mask_diameter",
    "nr_classes",
    "nr_iter",
    "class2d_fraction_of_classes_to_remove",
    "autoselect_min_score",
    "initial_model_iterations",
    "initial_model_file",
    "symmetry",
)
"""What matters of requests for averages: neither seeds nor identifiers."""
_LARGEST_MASK = 1.15
"""Mask to particle diameter: a larger one may not fit into the boxes, which are one and a half diameters wide."""
_NO_SYMMETRY = "C1"
_GROUP: TypeAdapter[str] = TypeAdapter(PointGroup)

Wishes = dict[str, JsonValue]
Changes = dict[str, Any]


def wishes_of(request: Request, folder: Path) -> Wishes:
    """Return what a request wishes; a first density below the folder of its session is one that we have told."""
    said = request.model_dump(mode="json", include={*_NAMES}, exclude_none=True)
    model = getattr(request, "initial_model_file", None)
    if model and Path(model).is_relative_to(folder):
        del said["initial_model_file"]
    if isinstance(request, SpaClass2D) and not request.batch_is_complete:
        said.pop("autoselect_min_score", None)
    return said


def with_request(tools: SpaSession, payload: Mapping[str, JsonValue]) -> SpaSession:
    """Return the tools of a session for an item: as the session has them where nothing else was asked for.

    - The numbers of classes and iterations are those of the request. Of gradient algorithms it says nothing.
    - A mask counts if it suits the diameter of the particles (Murfey sends 190 angstrom, whatever they are); 0, or one
      that does not, is 1.1 diameters.
    - C1 leaves the search for symmetry to the session; another group is taken as given.
    - A least score of 0, or none, leaves it to the selector: RELION's ranker finds one below which the fraction of
      classes lies that is to be removed; the embedded ranking takes its own, which needs no fraction as its scores mean
      the same in each session. Another score is the threshold of either: it is the one that we told Murfey before.
    - A first density is taken as it is given.

    Raises InputError if what was asked for cannot be done.
    """
    if "unknown" in payload:
        raise InputError("request", str(payload["unknown"]), "something that the session has told of")
    wishes = payload.get("wishes")
    if not isinstance(wishes, dict):
        return tools
    mask = {"mask_diameter": _mask(wishes)}
    counts = {"classes": wishes.get("nr_classes"), "iterations": wishes.get("nr_iter")}
    return tools.model_copy(
        update={
            "classifier_2d": _with(tools.classifier_2d, mask | counts),
            "classifier_3d": _with(tools.classifier_3d, mask | counts),
            "refiner": _with(tools.refiner, mask),
            "model_finder": _finder(tools.model_finder, wishes, mask),
            "selector": _selector(tools.selector, wishes),
            **_symmetry(tools, wishes),
        }
    )


def _with(tool: Model, changes: Changes) -> Model:
    return tool.model_copy(update={name: value for name, value in changes.items() if value is not None})


def _mask(wishes: Wishes) -> float | None:
    mask, diameter = wishes.get("mask_diameter"), wishes.get("particle_diameter")
    if not isinstance(mask, int | float) or not mask:
        return None
    suits = not isinstance(diameter, int | float) or diameter <= mask <= _LARGEST_MASK * diameter
    return float(mask) if suits else None


def _finder(finder: InitialModelFinder, wishes: Wishes, mask: Changes) -> Model:
    if given := wishes.get("initial_model_file"):
        return GivenModel(map=Path(str(given)))
    if isinstance(finder, GivenModel):
        return finder
    return _with(finder, mask | {"iterations": wishes.get("initial_model_iterations")})


def _selector(selector: ClassSelector, wishes: Wishes) -> Model:
    score, fraction = wishes.get("autoselect_min_score"), wishes.get("class2d_fraction_of_classes_to_remove")
    if isinstance(score, int | float) and score > 0:
        return _with(selector, {"threshold": min(float(score), 1.0)})
    return selector if isinstance(selector, EmbeddedRanking) else _with(selector, {"removed_fraction": fraction})


def _symmetry(tools: SpaSession, wishes: Wishes) -> Changes:
    group = str(wishes.get("symmetry", _NO_SYMMETRY)).upper()
    if group == _NO_SYMMETRY:
        return {}
    try:
        _GROUP.validate_python(group)
    except ValidationError as error:
        raise InputError("symmetry", problems(error), "a point group as RELION names it") from error
    return {"symmetry_search": GivenSymmetry(group=group, executable=tools.symmetry_search.executable)}
