"""From the body of a message to what it asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.errors import InputError
from tasks.models import Model
from tasks.murfey.messages import Body, parameters_of, read_object, text_of
from tasks.murfey.places import secure
from tasks.murfey.recipes import RECIPES, MurfeyRequest
from tasks.murfey.refusals import refusal, shown
from tasks.murfey.steps import StepRequest, is_step

_WRAPPER = "-wrapper"
"""How the recipes of cryoem-services end that start jobs of a cluster; they ask for the same."""


class Parsed(Model):
    """A message, and what it asks for."""

    recipe: str
    """The recipe, by our name for it if it is ours."""
    request: MurfeyRequest | None
    """What it asks us for; none if it is for others."""
    text: str
    """The body as it was received."""


def parse(
    body: Body, aliases: Mapping[str, str] | None = None, step: str | None = None, roots: Sequence[Path] = ()
) -> Parsed:
    """Read a message; raise InputError, which names the key, its value and what was expected, if it cannot be used.

    Aliases are our names of recipes that a site calls otherwise. A message from the queue of a single step names no
    step: it is then said here, and the message may be nothing but the parameters. If there are roots, nothing may be
    looked for outside these folders.
    """
    text = text_of(body)
    found = _read(read_object(text), text, aliases or {}, step)
    for place in found.request.places if roots and found.request else ():
        secure(place, *roots)
    return found


def message_for(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message that asks for a recipe, or for a step."""
    how = {"step": name} if is_step(name) else {"recipes": [name]}
    return {**how, "parameters": dict(parameters)}


def _read(content: Mapping[str, Any], text: str, aliases: Mapping[str, str], step: str | None) -> Parsed:
    if step is not None:
        inner = content["parameters"] if isinstance(content.get("parameters"), dict) else dict(content)
        return _asked(StepRequest(step=step, parameters=inner), text)
    if "recipes" not in content and "step" in content:
        return _asked(StepRequest(step=_name(content["step"]), parameters=parameters_of("message", content)), text)
    return _of_recipe(content, aliases, text)


def _of_recipe(content: Mapping[str, Any], aliases: Mapping[str, str], text: str) -> Parsed:
    names = [_known(name, aliases) for name in _recipes(content)]
    ours = [name for name in names if name in RECIPES]
    if not ours:
        return Parsed(recipe=" ".join(names), request=None, text=text)
    if len(names) > 1:
        raise InputError("message: recipes", shown(content["recipes"]), f"nothing beside {ours[0]}")
    (recipe,) = names
    return Parsed(recipe=recipe, request=_request(recipe, parameters_of(recipe, content)), text=text)


def _recipes(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the recipes."""
    named = content.get("recipes")
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not listed:
        found = shown(named) if "recipes" in content else "missing"
        raise InputError("message: recipes", found, "a list with the name of a recipe")
    return [_name(name) for name in listed]


def _name(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise InputError("message", shown(given), "the name of a recipe or step")
    return given.strip()


def _known(name: str, aliases: Mapping[str, str]) -> str:
    """Return our name of a recipe, or the name that it has if it is not ours."""
    ours = aliases.get(name, name)
    return ours if ours in RECIPES or ours.removesuffix(_WRAPPER) not in RECIPES else ours.removesuffix(_WRAPPER)


def _request(recipe: str, parameters: Mapping[str, Any]) -> MurfeyRequest:
    wanted = RECIPES[recipe]
    try:
        return wanted.model_validate(parameters)
    except ValidationError as error:
        raise refusal(recipe, wanted, error) from error


def _asked(step: StepRequest, text: str) -> Parsed:
    request = step.asked()
    return Parsed(recipe=request.recipe, request=request, text=text)
