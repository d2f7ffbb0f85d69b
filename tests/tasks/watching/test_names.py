import pytest

from tasks.watching import Names


@pytest.mark.parametrize(
    "name", ["a_EER.eer", "a_fractions.tiff", "a.TIF", "a.mrc", "a.mrcs", "grain_1.tif", "again.tif"]
)
def test_movies_are_known_by_their_suffix(name):
    assert Names().kind(name) == "movie"


@pytest.mark.parametrize(
    "name",
    [".a.eer.Xy12Zq", ".a.eer", "a.eer.filepart", "a.eer.part", "a.eer~", "~a.eer", "a.tmp", "a.eer.crdownload"],
)
def test_copies_under_way_do_not_count(name):
    assert Names().kind(name) is None


@pytest.mark.parametrize(
    "name", ["a_gain.mrc", "gain.tif", "20240101_EER_GainReference.mrc", "CountRef_a.mrc", "SuperRef_a.tif"]
)
def test_references_do_not_count(name):
    assert Names().kind(name) is None


@pytest.mark.parametrize("name", ["a.jpg", "a.xml", "a.st", ".TS_01.mrc.mdoc.q8Ks2f"])
def test_other_files_do_not_count(name):
    assert Names().kind(name) is None


def test_an_mdoc_is_no_movie_unless_no_tilt_series_are_wanted():
    assert Names().kind("TS_01.mrc.mdoc") == "mdoc"
    assert Names().without_mdocs().kind("TS_01.mrc.mdoc") is None
