import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tasks.formats.files import leftovers, replacing


@pytest.fixture
def killed(tmp_path) -> Iterator[list[Path]]:
    """What two writers of the same path left, and one with a scratch folder."""
    with ExitStack() as writers:
        left = [writers.enter_context(replacing(tmp_path / "a_1.00.mrc")) for _ in range(2)]
        for path in left:
            path.write_bytes(b"half")
        yield [*left, Path(tempfile.mkdtemp(prefix=".a_1.00.", dir=tmp_path))]
        # Those who are killed move nothing into place.
        writers.pop_all()


def test_what_dead_writers_left_is_found(tmp_path, killed):
    assert sorted(leftovers(tmp_path / "a_1.00.mrc")) == sorted(killed)


def test_nothing_else_is_taken_for_what_dead_writers_left(tmp_path, killed):
    (tmp_path / ".a_1.00.mrc").touch()
    (tmp_path / "a_1.00.mrc").touch()
    for other in ("a_1.mrc", "a_1.00_EVN.mrc", "1.00.mrc", "a_1.00.0123abcd.mrc"):
        assert leftovers(tmp_path / other) == []
    assert sorted(leftovers(tmp_path / "a_1.00.star")) == sorted(path for path in killed if path.is_dir())
