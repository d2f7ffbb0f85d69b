"""Whether a file is whole, by what is in it."""

import struct
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.frames import frame_count
from tasks.formats.mdoc import read_mdoc
from tasks.models import Acquisition, EerSampling, Movie

# Any movie will do here; how its frames are used later is a matter of the session.
_ACQUISITION = Acquisition(pixel_size=1.0, eer=EerSampling(grouping=1))

# A file of which a part is missing or still zero can mislead a reader anywhere, and must not end the watching.
_MISLED = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError, struct.error)


def problem_of(file: str) -> str | None:
    """Return why a movie or mdoc cannot be used; none if it can be read and all that its header promises is on disk."""
    path = Path(file)
    try:
        if path.suffix.lower() == ".mdoc":
            read_mdoc(path)
        else:
            frame_count(Movie(path=path, acquisition=_ACQUISITION))
    except FormatError as reason:
        return str(reason)
    except OSError as reason:
        return f"{file}: cannot be read ({reason.strerror})"
    except _MISLED as reason:
        return f"{file}: its header contradicts itself ({type(reason).__name__}: {reason})"
    return None
