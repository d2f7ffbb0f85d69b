from pathlib import Path

import numpy as np
import pytest

from flows.demo_spa import DEPLOYMENT, MOVIES, demonstration, quick
from flows.spa import SingleParticle
from tasks.formats.mrc import write_mrc
from tasks.models.maps import Map
from tasks.models.resolution import PostProcessed
from tasks.reuse import Place, once
from tasks.simulation.comparison import true_density

BOX, VOXEL = 20, 12.0


@pytest.fixture
def session(tmp_path) -> SingleParticle:
    """A session whose density came out mirrored."""
    source = {"folder": tmp_path / "frames", "acquisition": {"pixel_size": 3}}
    spa = SingleParticle.model_validate({"name": "demo", "source": source, "folder": tmp_path / "results"} | quick())
    truth = true_density(MOVIES, MOVIES.kilodalton, BOX, VOXEL)
    paths = [spa.folder / "post_processing" / name for name in ("postprocess.mrc", "masked.mrc", "mask.mrc")]
    for path, volume in zip(paths, (truth[::-1], truth[::-1], np.ones_like(truth)), strict=True):
        write_mrc(path, np.ascontiguousarray(volume), VOXEL)
    density = Map(path=paths[0], pixel_size=VOXEL, box_size=BOX, resolution=25)
    found = PostProcessed(map=density, masked=paths[1], mask=paths[2], fsc=(), star=Path("star"), program="RELION")
    once(Place(spa.folder / "post_processing" / "post_processed.json", PostProcessed, {}), lambda: found)
    return spa


def test_a_density_of_the_wrong_hand_is_mirrored_by_a_second_run(session):
    first = demonstration(session)
    assert first.deployment == DEPLOYMENT
    second = first.then()
    assert second is not None
    assert second.parameters["spa"] == session.model_copy(update={"hand": "mirrored"})
    assert second.then() is None
