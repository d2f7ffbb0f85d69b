"""Items of which all that was found is at hand."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from tasks.project.register import Found, Items


def stamped(found: Mapping[str, Found], *, are_all: bool = True) -> Items[Found]:
    """Return items with stamps made of what was found of them."""

    def load(keys: list[str]) -> Iterable[tuple[str, Found]]:
        return ((key, found[key]) for key in keys)

    stamps = {key: sha256(item.model_dump_json().encode()).hexdigest()[:16] for key, item in found.items()}
    return Items(stamps=stamps, load=load, are_all=are_all)
