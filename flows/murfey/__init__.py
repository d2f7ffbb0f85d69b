"""Murfey drives it: its requests become items of the ledger, and it is told what became of them."""
