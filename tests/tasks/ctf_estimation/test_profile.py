import numpy as np
import pytest

from tasks.ctf_estimation.profile import RadialProfile, read_profile, write_profile
from tasks.errors import FormatError


def test_reads_what_it_writes(tmp_path):
    columns = np.random.default_rng(0).normal(size=(5, 7))
    write_profile(tmp_path / "profile.csv", RadialProfile(*columns))
    assert (tmp_path / "profile.csv").read_text().startswith("frequency,observed,fit,background,correlation\n")
    found = read_profile(tmp_path / "profile.csv")
    np.testing.assert_allclose(found.fit, columns[2], rtol=1e-5)
    np.testing.assert_allclose(found.correlation, columns[4], rtol=1e-5)


def test_refuses_another_table(tmp_path):
    (tmp_path / "profile.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="the columns a,b"):
        read_profile(tmp_path / "profile.csv")
