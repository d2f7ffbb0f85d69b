from pathlib import Path

import pytest

from tasks.models import Device, Model, Tomogram
from tasks.reuse import Place, digest, once, read_record, recall


class Filter(Model):
    cutoff: float = 10.0
    device: Device = "cpu"


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "source.mrc"
    path.write_bytes(b"abc")
    return path


def place(folder: Path, source: Path, **parameters: object) -> Place[Tomogram]:
    return Place(folder / "volume.json", Tomogram, {"source": source, "filter": Filter(**parameters)})


def made(folder: Path, source: Path, calls: list[str], **parameters: object) -> Tomogram:
    """Filter a source once."""

    def work() -> Tomogram:
        calls.append("worked")
        path = folder / "volume.mrc"
        path.write_bytes(b"volume")
        return Tomogram(path=path, voxel_size=10, shape=(1, 1, 1), program="test")

    return once(place(folder, source, **parameters), work, run="run 1")


def test_the_same_inputs_are_worked_on_once(tmp_path, source):
    calls: list[str] = []
    assert made(tmp_path, source, calls) == made(tmp_path, source, calls)
    assert calls == ["worked"]


def test_a_changed_parameter_file_or_lost_output_means_work(tmp_path, source):
    calls: list[str] = []
    made(tmp_path, source, calls)
    made(tmp_path, source, calls, cutoff=20)
    source.write_bytes(b"abcd")
    made(tmp_path, source, calls, cutoff=20)
    (tmp_path / "volume.mrc").unlink()
    made(tmp_path, source, calls, cutoff=20)
    (tmp_path / "volume.mrc").write_bytes(b"vol")
    made(tmp_path, source, calls, cutoff=20)
    assert len(calls) == 5


def test_the_device_does_not_matter(tmp_path, source):
    calls: list[str] = []
    made(tmp_path, source, calls, device="cpu")
    made(tmp_path, source, calls, device="cuda")
    assert calls == ["worked"]


def test_a_damaged_record_means_work(tmp_path, source):
    calls: list[str] = []
    made(tmp_path, source, calls)
    (tmp_path / "volume.json").write_text("{")
    made(tmp_path, source, calls)
    assert calls == ["worked", "worked"]


def test_failed_work_leaves_no_record(tmp_path, source):
    def fail() -> Tomogram:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once(place(tmp_path, source), fail)
    assert not (tmp_path / "volume.json").exists()


def test_the_order_of_inputs_does_not_matter_but_their_names_do():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1, "b": 2}) != digest({"a": 2, "b": 1})


def test_the_record_tells_why_it_was_made_and_by_whom(tmp_path, source):
    made(tmp_path, source, [])
    record = read_record(place(tmp_path, source))
    assert (record.why, record.run) == ("not computed before", "run 1")
    assert record.host
    assert recall(place(tmp_path, source)) == record.result
    assert recall(place(tmp_path, source, cutoff=20)) is None
    made(tmp_path, source, [], cutoff=20)
    assert read_record(place(tmp_path, source)).why == "changed: filter.cutoff from 10.0 to 20.0"
    source.write_bytes(b"another")
    made(tmp_path, source, [], cutoff=20)
    assert read_record(place(tmp_path, source)).why == "changed: source (source.mrc) is another file than before"
    (tmp_path / "volume.mrc").unlink()
    made(tmp_path, source, [], cutoff=20)
    assert read_record(place(tmp_path, source)).why == f"lost or changed since: {tmp_path}/volume.mrc"
