"""A project of what the embedded tools really find, not of values made up; no CTF shows in pixels of 12 angstrom."""

import pytest

from tasks.denoising.embedded import EmbeddedDenoising
from tasks.formats.mrc import header
from tasks.formats.star import read_table
from tasks.models import ImagedTiltSeries, TiltImage
from tasks.motion_correction.embedded import EmbeddedMotion
from tasks.project import ProcessedTiltSeries, write_tomography_project
from tasks.tilt_series_alignment.embedded import EmbeddedAlignment
from tasks.tilt_series_grouping.from_mdoc import from_mdoc
from tasks.tomogram_reconstruction.embedded import EmbeddedReconstruction


@pytest.fixture(scope="module")
def found(simulated_tilt_series, tmp_path_factory):
    folder, truth = tmp_path_factory.mktemp("session"), simulated_tilt_series
    first = truth.tilts[0].movie
    series = from_mdoc(truth.mdoc, first.path.parent, first.acquisition)
    motions = {name: EmbeddedMotion().correct(movie, folder / "motion") for name, movie in series.movies.items()}
    images = [(tilt, motions[tilt.name].micrograph) for tilt in series.tilts]
    imaged = ImagedTiltSeries(
        name=series.name,
        images=tuple(TiltImage(tilt=tilt, micrograph=image) for tilt, image in images),
        tilt_axis_angle=series.tilt_axis_angle,
    )
    alignment = EmbeddedAlignment().align(imaged, folder / "alignment")
    tomogram = EmbeddedReconstruction(binning=2).reconstruct(imaged, alignment, folder / "reconstruction")
    denoised = EmbeddedDenoising().denoise(tomogram, folder / "denoising")
    return ProcessedTiltSeries(
        series=series, motions=motions, alignment=alignment, tomogram=tomogram, denoised=denoised
    )


@pytest.fixture(scope="module")
def project(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_tomography_project(folder, "cm1", [found])
    return folder


def test_all_that_was_found_is_in_the_project(project, found):
    tilts = read_table(project / "Denoise/job007/tilt_series/ts_01.star", "ts_01")
    names = [str(name) for column in tilts for name in tilts[column] if "/" in str(name)]
    assert len(names) == 6 * len(found.alignment.tilts)
    assert [name for name in names if not (project / name).exists()] == []
    assert list(tilts["rlnTomoYTilt"]) == pytest.approx([tilt.angle for tilt in found.alignment.tilts], abs=1e-5)


def test_volumes_are_those_that_were_made(project, found):
    (row,) = read_table(project / "Denoise/job007/tomograms.star", "global").to_dict("records")
    for column, made in (("", found.tomogram.path), ("Half1", found.tomogram.even), ("Denoised", found.denoised.path)):
        volume = project / row[f"rlnTomoReconstructedTomogram{column}"]
        assert volume.samefile(made)
        assert header(volume).shape == found.tomogram.shape
    binned = [row[f"rlnTomoSize{axis}"] / row["rlnTomoTomogramBinning"] for axis in "ZYX"]
    assert binned == pytest.approx(found.tomogram.shape, abs=1)
