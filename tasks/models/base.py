"""The base of every value that travels between functions."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A frozen model that refuses what it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        # NaN and infinity are never a result: they would travel unseen.
        allow_inf_nan=False,
    )


def one_of(tag: str) -> Any:  # noqa: ANN401 - as pydantic's Field
    """Offer models as a choice, told apart by the value of a field; stands in Annotated beside their union.

    The schema says anyOf: the forms of the Prefect UI offer the members of an anyOf, but not those of a oneOf.
    """
    return Field(discriminator=tag, json_schema_extra=_say_any_of)


def _say_any_of(schema: dict[str, Any]) -> None:
    if "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
        schema.pop("discriminator", None)


class Incidental:
    """Mark a field that changes how a result is computed, but not the result.

    Such a field (a device, a number of threads, the place of a program) does not
    count when it is decided whether a result can be used again.
    """


Device = Annotated[Literal["cpu", "cuda"], Incidental()]
"""Where an embedded tool computes."""

Threads = Annotated[int, Field(ge=1), Incidental()]
"""How many threads a tool may use."""

Executable = Annotated[str, Field(min_length=1), Incidental()]
"""Name or path of a program."""

Shift = tuple[float, float]
"""x and y, in angstrom."""
