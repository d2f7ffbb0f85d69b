"""The columns of every file beside those that RELION 5 itself has written for EMPIAR-10164."""

import pytest
from project_sessions import processed

from tasks.formats.star import read_table
from tasks.project import write_tomography_project

OPTICS = ["Voltage", "SphericalAberration", "AmplitudeContrast", "MicrographOriginalPixelSize", "TomoHand"]
SERIES = ["TomoName", "TomoTiltSeriesStarFile", *OPTICS, "OpticsGroupName"]
CHOSEN = ["TomoName", *OPTICS, "OpticsGroupName", "TomoTiltSeriesPixelSize", "TomoTiltSeriesStarFile"]
SIZE = ["TomoTomogramBinning", "TomoSizeX", "TomoSizeY", "TomoSizeZ"]
HALVES = ["TomoReconstructedTomogramHalf1", "TomoReconstructedTomogramHalf2"]
IMPORTED = ["MicrographMovieName", "TomoTiltMovieFrameCount", "TomoNominalStageTiltAngle", "TomoNominalTiltAxisAngle"]
IMPORTED += ["MicrographPreExposure"]
MOVED = [*IMPORTED, "CtfPowerSpectrum", "MicrographNameEven", "MicrographNameOdd", "MicrographName"]
MOVED += ["MicrographMetadata", "AccumMotionTotal", "AccumMotionEarly", "AccumMotionLate"]
FITTED = [*MOVED, "DefocusU", "DefocusV", "CtfAstigmatism", "DefocusAngle", "CtfFigureOfMerit", "CtfMaxResolution"]
FITTED += ["CtfIceRingDensity"]
ALIGNED = [*FITTED, "TomoXTilt", "TomoYTilt", "TomoZRot", "TomoXShiftAngst", "TomoYShiftAngst"]
# As RELION writes them, less what is not known to us: TomoNominalDefocus, CtfImage, EtomoDirectiveFile. RELION writes
# a whole tomogram or two halves; we name all three.
REFERENCE = {
    "Import/job001/tilt_series.star": (SERIES, IMPORTED),
    "MotionCorr/job002/corrected_tilt_series.star": ([*SERIES, "TomoTiltSeriesPixelSize"], MOVED),
    "CtfFind/job003/tilt_series_ctf.star": ([*SERIES, "TomoTiltSeriesPixelSize"], FITTED),
    "ExcludeTiltImages/job004/selected_tilt_series.star": (CHOSEN, FITTED),
    "AlignTiltSeries/job005/aligned_tilt_series.star": (CHOSEN, ALIGNED),
    "Tomograms/job006/tomograms.star": (
        [*CHOSEN, *SIZE, "TomoReconstructedTomogram", *HALVES],
        [*ALIGNED, "CtfScalefactor"],
    ),
    "Denoise/job007/tomograms.star": (
        [*CHOSEN, *SIZE, "TomoReconstructedTomogram", *HALVES, "TomoReconstructedTomogramDenoised"],
        [*ALIGNED, "CtfScalefactor"],
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    write_tomography_project(folder / "project", "cm1", [processed(folder / "session")])
    return folder / "project"


@pytest.mark.parametrize("star", REFERENCE)
def test_files_have_the_columns_that_relion_writes_in_its_order(project, star):
    of_series, of_tilts = REFERENCE[star]
    table = read_table(project / star, "global")
    assert [name.removeprefix("rln") for name in table] == of_series
    tilts = read_table(project / table["rlnTomoTiltSeriesStarFile"].item(), "TS_01")
    assert [name.removeprefix("rln") for name in tilts] == of_tilts
