"""What requests of the real Murfey look like, by the messages in tests/data/murfey."""

import json
from pathlib import Path

MESSAGES = Path(__file__).parents[1] / "data" / "murfey"
ECHOED = {"pixel_size"}
"""Text or a number, as Murfey was told it."""
MAY_BE_NULL = {"gain_ref", "fm_int_file", "foil_hole_id", "search_map_id", "x_location", "y_location"}


def is_as_captured(name: str, body: dict) -> bool:
    """Tell whether a request has the keys of some that were captured, with values of the same types."""
    content = json.loads((MESSAGES / f"{name}.json").read_text())
    captured = content if isinstance(content, list) else [content]
    said = body["parameters"]
    return (
        body["recipes"] == captured[0]["recipes"]
        and said.keys() == captured[0]["parameters"].keys()
        and all(any(is_alike(key, value, each["parameters"][key]) for each in captured) for key, value in said.items())
    )


def is_known(body: dict) -> bool:
    """Tell whether a request is as one of those that were captured of its recipe."""
    (recipe,) = body["recipes"]
    names = [file.stem for file in MESSAGES.glob(f"{recipe}.*json") if file.stem.split(".")[0] == recipe]
    return any(is_as_captured(name, body) for name in names)


def is_alike(key: str, value: object, captured: object) -> bool:
    # Whole numbers may stand for others: Murfey writes 0 for no diameter.
    kinds = (int, float) if type(captured) in {int, float} else type(captured)
    if key in ECHOED:
        return isinstance(value, int | float | str)
    is_null = key in MAY_BE_NULL and (value is None or captured is None)
    return is_null or (isinstance(value, kinds) and isinstance(value, bool) == isinstance(captured, bool))
