"""What ISPyB is told: rows made of what the ledger holds."""
