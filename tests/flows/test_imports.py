"""A run that starts must not wait for what it does not need."""

import subprocess
import sys

import pytest

HEAVY = ("pandas", "scipy.optimize", "scipy.signal", "torch")


@pytest.mark.parametrize("module", ["flows.tilt_movies", "flows.tilt_series"])
def test_tomography_does_without_the_heavy_libraries_of_other_steps(module):
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.split() == []
