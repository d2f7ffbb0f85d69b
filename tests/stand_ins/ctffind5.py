"""Stands in for CTFFIND 5.0.2: fits as the built-in tool does."""

from stand_ins.ctffind_family import main

main("5.0.2")
