"""The mathematics that several steps share, for arrays on the CPU or on a GPU."""
