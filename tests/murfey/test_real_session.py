import shutil

import pytest
from murfey.rig import Rig, undelivered
from prefect.testing.utilities import prefect_test_harness

from flows import tilt_movies, tilt_series
from tasks.ledger import found, status
from tasks.models import Alignment, Ctf, Tomogram
from tasks.simulation import SimulatedTiltSeries
from tasks.simulation.truth import TiltSeriesTruth

pytestmark = [pytest.mark.slow, pytest.mark.prefect]

SESSION = "cm12345-1-raw2"


@pytest.fixture(scope="module", autouse=True)
def prefect_server():
    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture(scope="module")
def truth(tmp_path_factory) -> TiltSeriesTruth:
    """5 tilts of -20 to 20 degree, 192 x 192 pixels of 4 angstrom."""
    parameters = {"name": "seen", "seed": 23, "shape": (192, 192), "pixel_size": 4, "largest_tilt": 20, "tilt_step": 10}
    return SimulatedTiltSeries(**parameters, frames=2, beads=6, binning=2).simulate(tmp_path_factory.mktemp("seen"))


def test_simulated_movies_become_a_tomogram_by_the_real_steps(rig: Rig, site, truth):
    acquisition = truth.tilts[0].movie.acquisition
    group = rig.murfey.tomography(
        pixel_size=acquisition.pixel_size,
        dose=acquisition.dose_per_frame,
        frames=2,
        voltage=int(acquisition.optics.voltage),
        gain=str(acquisition.gain.path) if acquisition.gain else None,
        tilt_axis=truth.nominal_axis_angle,
    )
    raw = site.folder / "raw2"
    raw.mkdir(parents=True)
    for tilt in sorted(truth.tilts, key=lambda tilt: tilt.number):
        suffix = tilt.movie.path.suffix
        name = f"Position_1_{tilt.number:03}_{tilt.nominal_angle:.1f}_20260101_{tilt.number:06}_fractions{suffix}"
        shutil.copy(tilt.movie.path, raw / name)
        group.tilt(name)
    group.mdoc("Position_1", len(truth.tilts))
    rig.work |= {"tilt_movie": tilt_movies.found, "tilt_series": tilt_series.found}
    rig.run()

    assert rig.murfey.dead == []
    assert undelivered(rig.ledger) == {}
    assert all((kind.open, kind.quarantined) == (0, 0) for kind in status(rig.ledger, SESSION).kinds)
    ctfs = [Ctf.model_validate(result.result) for _, result in found(rig.ledger, SESSION, "ctf_estimation")]
    assert len(ctfs) == len(truth.tilts)
    ((_, aligned),) = found(rig.ledger, SESSION, "tilt_series_alignment")
    assert len(Alignment.model_validate(aligned.result).tilts) >= 4
    ((_, reconstructed),) = found(rig.ledger, SESSION, "tomogram_reconstruction")
    assert Tomogram.model_validate(reconstructed.result).path.is_file()
    # What Murfey names leads to what was made.
    for request in rig.murfey.requests:
        if request["recipes"] == ["em-tomo-preprocess"]:
            assert (raw.parent / request["parameters"]["mrc_out"]).is_file()
