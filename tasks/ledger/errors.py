"""What can go wrong with the ledger."""

from tasks.errors import CryoemError


class LedgerError(CryoemError):
    """The ledger cannot be reached, or is not one of ours."""


class LeaseLostError(CryoemError):
    """An item is no longer ours: the lease ran out and the item was given away, put back or announced anew.

    What was done for it must be dropped; nothing of it is in the ledger.
    """
