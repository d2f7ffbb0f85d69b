"""What can go wrong with ISPyB: it is away, or it does not take what it is given."""

from tasks.errors import CryoemError


class IspybError(CryoemError):
    """Something went wrong with ISPyB; nothing of the delivery is in it."""


class Away(IspybError):  # noqa: N818 - a state, not a mistake
    """ISPyB cannot be written now, whatever the rows: it is down, busy, or not set up for us. Try again later."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason, code)
        self.code = code
        """The error's number in MariaDB, where it has one."""

    def __str__(self) -> str:
        return str(self.args[0])


class Rejected(IspybError):  # noqa: N818 - a state, not a mistake
    """ISPyB will never take these rows as they are: names the table, the column (if known) and the reason."""

    def __init__(self, table: str, column: str, reason: str) -> None:
        super().__init__(table, column, reason)
        self.table = table
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        place = ".".join(filter(None, (self.table, self.column)))
        return f"{place}: {self.reason}" if place else self.reason


class Orphaned(Rejected):
    """A row belongs to one that is not there: a program, a data collection, a foil hole.

    Those who make the parents name them to us after they have written them, so the number is wrong, or this node of a
    cluster is late: whoever delivers may try a few times more before giving up.
    """
