import numpy as np
import pytest

from flows.ispyb.contents import contents_of
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.ledger import Result
from tasks.models import Tomogram, TomogramPicks
from tasks.models.contents import Shortfall, Shortfalls
from tasks.models.segmentation import Feature, Segmentation


def result(step, found):
    return Result(step=step, digest="1", result=found.model_dump(mode="json"), tool="test")


@pytest.fixture
def segmentation(tmp_path):
    labels = np.zeros((40, 96, 100), np.int16)
    labels[16:24, 40:60, 40:60] = 3
    features = []
    for name in ("membrane", "vault"):
        path = tmp_path / f"ts_01_{name}.mrc"
        write_mrc(path, labels, 10.0)
        features.append(Feature(name=name, labels=path, fraction=float((labels > 0).mean())))
    return Segmentation(
        tomogram=tmp_path / "ts_01.mrc", features=features, voxel_size=10, shape=labels.shape, program="test"
    )


@pytest.fixture
def picks(tmp_path):
    picture = tmp_path / "ts_01_picks.jpeg"
    picture.write_bytes(b"a picture")
    tomogram = Tomogram(path=tmp_path / "ts_01.mrc", voxel_size=10, shape=(40, 96, 100), program="test")
    return TomogramPicks(
        tomogram=tomogram,
        coordinates=tmp_path / "ts_01_picks.star",
        count=3,
        diameter=250,
        threshold=5,
        program="test",
        diagnostic=picture,
    )


def test_labels_have_pictures_and_features_small_volumes(segmentation, tmp_path):
    found = contents_of({"segmentation": result("segmentation", segmentation)})
    assert found.segmented == tmp_path / "ts_01_membrane.mrc"
    for ending in ("_thumbnail.jpeg", "_movie.png"):
        assert (tmp_path / f"ts_01_membrane{ending}").is_file()
    assert found.features == {"membrane": tmp_path / "ts_01_membrane_bin4.mrc"}, "the pages do not know vaults"
    small = read_volume(found.features["membrane"])
    assert header(found.features["membrane"]).pixel_size == pytest.approx(20)
    assert small.shape == (20, 48, 50)
    assert small[10, 25, 25] == 127
    assert small[:, :5].max() == small[:5].max() == 0


def test_particles_have_their_picture_where_the_pages_look(picks, tmp_path):
    found = contents_of({"tomogram_picking": result("tomogram_picking", picks)})
    assert found.picked == tmp_path / "ts_01_picks.cbox"
    assert (tmp_path / "ts_01_picks_thumbnail.jpeg").read_bytes() == b"a picture"


def test_nothing_is_told_of_what_failed_since(segmentation, picks):
    failed = tuple(Shortfall(step=step, kind="bad-data", reason="no") for step in ("segmentation", "tomogram_picking"))
    results = {
        "segmentation": result("segmentation", segmentation),
        "tomogram_picking": result("tomogram_picking", picks),
        "shortfalls": result("shortfalls", Shortfalls(failed=failed)),
    }
    found = contents_of(results)
    assert (found.segmented, found.features, found.picked) == (None, {}, None)
