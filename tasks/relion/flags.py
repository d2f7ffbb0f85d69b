"""RELION's command-line flags, of which those of truth values have no value."""

from tasks.command import Flag, flags
from tasks.models import Model


def relion_flags(tool: Model) -> list[str]:
    """Return the flags of a tool's fields; a flag that is true stands alone, and one that is false is left out."""
    switches = {
        mark.name: bool(getattr(tool, name))
        for name, field in type(tool).model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Flag) and isinstance(getattr(tool, name), bool)
    }
    words = iter(flags(tool))
    found: list[str] = []
    for word in words:
        if word not in switches:
            found.append(word)
        else:
            next(words)
            found += [word] * switches[word]
    return found
