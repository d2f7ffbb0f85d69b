"""Parameters given as KEY=VALUE."""

from typing import Any

import yaml
from pydantic import ValidationError

from tasks.errors import InputError
from tasks.models import Model

Tree = dict[str, Any]


def merged(parameters: Tree, settings: list[str]) -> Tree:
    """Set values of nested parameters: ``ctf_estimator.tool=ctffind4``; values are read as YAML."""
    result = dict(parameters)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not all(key.split(".")):
            raise InputError("--set", setting, "KEY=VALUE, such as denoiser.tool=topaz")
        result = _with(result, key.split("."), yaml.safe_load(value))
    return result


def problems(error: ValidationError) -> str:
    """Return in one line what is wrong with which parameter."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())


def with_tools(parameters: dict[str, Any], kind: type[Model]) -> dict[str, Any]:
    """Name the default tool where parameters of a tool are set without saying which."""
    defaults = {name: getattr(field.default, "tool", None) for name, field in kind.model_fields.items()}
    given = {name: parameters[name] for name in defaults if isinstance(parameters.get(name), dict)}
    named = {name: {"tool": tool} | given[name] for name, tool in defaults.items() if tool and name in given}
    return parameters | named


def _with(tree: Tree, path: list[str], value: object) -> Tree:
    first, *rest = path
    if not rest:
        return {**tree, first: value}
    below = tree.get(first) or {}
    if not isinstance(below, dict):
        raise InputError("--set", ".".join(path), f"{first} to be a group of parameters")
    return {**tree, first: _with(below, rest, value)}
