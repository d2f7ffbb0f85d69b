"""The tag tree of DigitalMicrograph files."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from tasks.errors import FormatError

Order = Literal["<", ">"]
_KIND = "a DM3 or DM4 file"
_GROUP, _VALUE = 20, 21
_STRUCT, _STRING, _ARRAY = 15, 18, 20
_SIMPLE = {2: "i2", 3: "i4", 4: "u2", 5: "u4", 6: "f4", 7: "f8", 8: "i1", 9: "i1", 10: "u1", 11: "i8", 12: "u8"}
# Longer ones are no texts.
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Array:
    """Numbers that stay on disk."""

    offset: int
    size: int
    """Bytes."""
    order: Order


Tags = dict[str, object]
"""Tags by name; those without a name are called by their number."""


def read_tags(path: Path) -> Tags:
    """Read the tags of a file; long arrays are left on disk."""
    if not path.is_file():
        raise FormatError(path, "no such file", _KIND)
    with path.open("rb") as file:
        try:
            return _Reader(path, file).root()
        except (struct.error, IndexError, KeyError, RecursionError) as reason:
            raise FormatError(path, f"broken at byte {file.tell()} ({reason})", f"{_KIND} that is whole") from reason


class _Reader:
    """Read tags one after another."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._version = self._structure("i")
        if self._version not in {3, 4}:
            raise FormatError(path, f"begins with {self._version}", _KIND)
        # Counts and sizes have 4 bytes in DM3 and 8 in DM4.
        self._count = "i" if self._version == 3 else "q"
        self._structure(self._count)
        self._order: Order = "<" if self._structure("i") else ">"

    def root(self) -> Tags:
        """Read the whole tree."""
        return self._group()

    def _structure(self, form: str) -> int:
        """Read a number of the structure."""
        return int(struct.unpack(f">{form}", self._file.read(struct.calcsize(f">{form}")))[0])

    def _group(self) -> Tags:
        self._file.read(2)
        tags: Tags = {}
        for number in range(self._structure(self._count)):
            kind = self._structure("B")
            name = self._file.read(self._structure("H")).decode("latin-1") or str(number)
            if self._version == 4:
                self._structure("q")
            if kind not in {_GROUP, _VALUE}:
                raise FormatError(self._path, f"a tag of kind {kind} at byte {self._file.tell()}", _KIND)
            tags[name] = self._group() if kind == _GROUP else self._value(name)
        return tags

    def _value(self, name: str) -> object:
        """Read a value as its description says."""
        if self._file.read(4) != b"%%%%":
            raise FormatError(self._path, f"no value at byte {self._file.tell()}", _KIND)
        description = [self._structure(self._count) for _ in range(self._structure(self._count))]
        kind = description[0]
        if kind in _SIMPLE:
            return self._number(kind)
        if kind == _ARRAY and description[1] in _SIMPLE:
            return self._array(name, description[1], description[-1])
        if kind == _STRUCT:
            return self._skipped(_struct_size(description))
        if kind == _STRING:
            return self._skipped(description[1] * 2)
        if kind == _ARRAY and description[1] == _STRUCT:
            return self._skipped(_struct_size(description[1:]) * description[-1])
        raise FormatError(self._path, f"a value of type {kind} at byte {self._file.tell()}", _KIND)

    def _number(self, kind: int) -> int | float:
        dtype = np.dtype(self._order + _SIMPLE[kind])
        data = self._file.read(dtype.itemsize)
        if len(data) < dtype.itemsize:
            raise struct.error("the file ends")
        value: int | float = np.frombuffer(data, dtype)[0].item()
        return value

    def _array(self, name: str, kind: int, length: int) -> str | Array:
        """Read a text (16-bit characters), or tell where an array is."""
        size = np.dtype(_SIMPLE[kind]).itemsize * length
        if name != "Data" and _SIMPLE[kind] == "u2" and length <= _LONGEST_TEXT:
            return self._file.read(size).decode("utf-16-le" if self._order == "<" else "utf-16-be", errors="replace")
        return self._skipped(size)

    def _skipped(self, size: int) -> Array:
        """Leave a value on disk."""
        value = Array(self._file.tell(), size, self._order)
        self._file.seek(size, 1)
        return value


def _struct_size(description: list[int]) -> int:
    """Return the bytes of a structure: its description lists name length and type of each field after three numbers."""
    fields = description[3 : 3 + 2 * description[2]]
    return sum(np.dtype(_SIMPLE[kind]).itemsize for kind in fields[1::2])
