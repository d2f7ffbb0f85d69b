"""Stands in for CTFFIND 4.1.14: fits as the built-in tool does."""

from stand_ins.ctffind_family import main

main("4.1.14")
