"""Values as other programs write them: numbers and truths as text, nothing in four spellings, identifiers in an object.

Whatever cannot be meant is refused with what was expected, which stands in the ValueError.
"""

import ast
import math
import re
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from pathlib import Path, PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_NOTHING = {"", "none", "null", "."}
_TRUTHS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_CONTROL = re.compile(r"[\x00-\x1f]")
"""Characters that end a line or a string somewhere."""
_LARGEST = 2**63
"""Databases keep no larger whole number."""


def is_nothing(value: object) -> bool:
    """Tell whether a value stands for none: null, or its name as text, or the path of nothing."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def read_literal(text: str) -> Any:  # noqa: ANN401 - any literal
    """Read a Python literal."""
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _number(value: object) -> float:
    # Numbers of NumPy are Real too. A truth is one, but is not meant as one.
    if isinstance(value, bool) or not isinstance(value, Real | str):
        raise ValueError(value)  # noqa: TRY004 - what pydantic turns into an error
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _whole(value: object) -> int:
    number = _number(value)
    # The number itself is a float, which would round large identifiers.
    exact = isinstance(value, Integral) or (isinstance(value, str) and value.strip().lstrip("+-").isdigit())
    whole = int(value) if exact and isinstance(value, Integral | str) else int(number)
    if (not exact and number != whole) or abs(whole) >= _LARGEST:
        raise ValueError(value)
    return whole


def _reading(read: Callable[[object], float], least: float, expected: str) -> BeforeValidator:
    """Read a number that is not below the least."""

    def convert(value: object) -> float:
        try:
            number = read(value)
        except (ValueError, OverflowError):
            raise ValueError(expected) from None
        if number < least:
            raise ValueError(expected)
        return number

    return BeforeValidator(convert)


_SMALLEST = math.ulp(0.0)

Number = Annotated[float, _reading(_number, -math.inf, "a number")]
"""Any number, also as text."""
Amount = Annotated[float, _reading(_number, 0.0, "a number of at least 0")]
Size = Annotated[float, _reading(_number, _SMALLEST, "a number above 0")]
Whole = Annotated[int, _reading(_whole, -math.inf, "a whole number")]
Count = Annotated[int, _reading(_whole, 0, "a whole number of at least 0")]
Positive = Annotated[int, _reading(_whole, 1, "a whole number above 0")]
Identifier = Annotated[int, _reading(_whole, 1, "an identifier, a whole number above 0")]
"""The number of a row in a database."""


_LEAST_BOX = 16


def _even(value: int) -> int:
    if value < _LEAST_BOX or value % 2:
        expected = f"an even number of pixels, at least {_LEAST_BOX}"
        raise ValueError(expected)
    return value


Box = Annotated[Positive, AfterValidator(_even)]
"""Side of an image in pixels."""


def _none_if_zero(value: float | None) -> float | None:
    return value or None


KnownSize = Annotated[Amount | None, AfterValidator(_none_if_zero)]
"""A number above 0; 0 says that it is not known, and becomes none."""


def _fraction(value: float) -> float:
    if value > 1:
        expected = "a fraction, from 0 to 1"
        raise ValueError(expected)
    return value


Fraction = Annotated[Amount, AfterValidator(_fraction)]


def _truth(value: object) -> bool:
    known = _TRUTHS.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None
    if known is None:
        expected = "true or false"
        raise ValueError(expected)
    return known


Truth = Annotated[bool, BeforeValidator(_truth)]
"""True or false, also as text or as 1 or 0."""


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip() and not _CONTROL.search(value):
        return value
    expected = "text"
    raise ValueError(expected)


Text = Annotated[str, BeforeValidator(_text)]


def _symmetry(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[CDTOI]\w*", value, re.IGNORECASE):
        return value
    expected = "a point group, such as C1, D7 or I1"
    raise ValueError(expected)


Symmetry = Annotated[str, BeforeValidator(_symmetry)]
"""A point group, exactly as it is written: answers repeat it."""


def _path(value: object) -> Path:
    text = str(value) if isinstance(value, str | PurePath) else ""
    path = Path(text)
    if not path.is_absolute() or ".." in path.parts or _CONTROL.search(text):
        expected = "an absolute path, without .."
        raise ValueError(expected)
    return path


AbsolutePath = Annotated[Path, BeforeValidator(_path)]


def _in_order(value: object) -> object:
    """Put identifiers of classes in the order of the classes.

    They come in an object whose keys count from 0 or from 1, and whose order is that of a query without one.
    """
    expected = "an object of identifiers by the number of the class"
    try:
        given = read_literal(value) if isinstance(value, str) else value
        if isinstance(given, Mapping):
            return tuple(given[key] for key in sorted(given, key=int))
    except (ValueError, TypeError):
        raise ValueError(expected) from None
    if not isinstance(given, list | tuple):
        raise ValueError(expected)  # noqa: TRY004 - what pydantic turns into an error
    return tuple(given)


ClassIdentifiers = Annotated[tuple[Identifier, ...], BeforeValidator(_in_order)]
"""Identifiers of classes: the first one is that of class 1."""
