"""The ledger: what arrived, who works on it, what was found, and what must be told to whom."""
