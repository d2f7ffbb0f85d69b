import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tasks.distribution import distribution_version
from tasks.errors import CommandError, ResultError


def test_the_python_beside_a_program_says_its_version():
    program = Path(sys.executable).parent / "pytest"
    assert distribution_version(str(program), "pytest") == version("pytest")


def test_a_package_that_is_not_there_has_no_version():
    program = Path(sys.executable).parent / "pytest"
    with pytest.raises(ResultError, match="does not say which no-such-package it has"):
        distribution_version(str(program), "no-such-package")


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(CommandError, match="no-such-program was not found"):
        distribution_version("no-such-program", "pytest")


def test_another_installation_is_asked_anew(tmp_path):
    program, python = tmp_path / "program", tmp_path / "python"
    for number in ("1.0", "2.0"):
        program.write_text(f"#!/bin/sh\n# {number}\n")
        python.write_text(f"#!/bin/sh\necho {number}\n")
        for path in (program, python):
            path.chmod(0o755)
        program.touch()
        assert distribution_version(str(program), "any") == number
