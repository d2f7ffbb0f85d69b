"""What can go wrong, as a tree.

CryoemError
├── InputError      what the user gave cannot be used; trying again does not help
│   └── FormatError a file is not what its name says
├── ResultError     a step cannot trust its result; trying again does not help
└── CommandError    a program failed
"""

from pathlib import Path


class CryoemError(Exception):
    """The root of this project's errors."""


class InputError(CryoemError):
    """What the user gave cannot be used: names the file or parameter, what was found and what was expected."""

    def __init__(self, subject: Path | str, found: str, expected: str) -> None:
        super().__init__(f"{subject}: {found}; expected {expected}")
        self.subject = str(subject)
        self.found = found
        self.expected = expected

    def __reduce__(self) -> tuple[type["InputError"], tuple[str, str, str]]:
        """Survive pickling between processes, which calls the constructor with args."""
        return type(self), (self.subject, self.found, self.expected)


class FormatError(InputError):
    """A file cannot be read as what its name says."""


class ResultError(CryoemError):
    """A step found something, but the evidence for it is too weak to go on."""


class CommandError(CryoemError):
    """A program failed: names it, how it ended, and the end of what it said; all of it is in its log, if it has one."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message, log)
        self.log = log

    def __str__(self) -> str:
        return str(self.args[0])
