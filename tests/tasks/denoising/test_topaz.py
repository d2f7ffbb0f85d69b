import sys
from pathlib import Path

import numpy as np
import pytest

from tasks import topaz_launcher
from tasks.denoising import Topaz
from tasks.errors import CommandError, ResultError
from tasks.formats.mrc import header, read_volume, write_mrc
from tasks.models import Tomogram

LAUNCHER = str(Path(topaz_launcher.__file__).resolve())
OUTPUT = """topaz 0.3.20
# using device=-1 with cuda=False
# Loading model:unet-3d-10a
# loading pretrained model: unet-3d-10a-v0.2.4.sav
# denoising 1 tomograms with patch size=96 and padding=48
"""


@pytest.fixture
def tomogram(tmp_path):
    path = tmp_path / "ts_01.mrc"
    write_mrc(path, np.random.default_rng(1).normal(size=(6, 8, 10)).astype(np.float32), 10.0)
    return Tomogram(path=path, voxel_size=10, shape=(6, 8, 10), even=path, odd=path, program="made")


@pytest.fixture
def python(tmp_path):
    """Return a stand-in for a Python with Topaz: it notes its arguments and copies the volume to where Topaz would."""

    def made(script):
        path = tmp_path / "python-with-topaz"
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\n{script}\n')
        path.chmod(0o755)
        return Topaz(executable=str(path))

    return made


COPY = f"""cat <<'END'
{OUTPUT}END
while [ $# -gt 1 ]; do [ "$1" = -o ] && output=$2; shift; done
cp "$1" "$output/" """


def test_the_command_is_whole(tmp_path):
    tool = Topaz(executable="/opt/topaz/bin/python", model="unet-3d-20a", patch_padding=16, device="cuda", threads=4)
    said = tool.command(Path("/data/ts_01.mrc"), tmp_path)
    flags = ["-d", "0", "-m", "unet-3d-20a", "-s", "96", "-p", "16", "-j", "4"]
    assert said == ["/opt/topaz/bin/python", LAUNCHER, "denoise3d", *flags, "-o", str(tmp_path), "/data/ts_01.mrc"]


def test_python_means_this_python(tmp_path):
    assert Topaz().command(Path("a.mrc"), tmp_path)[:5] == [sys.executable, LAUNCHER, "denoise3d", "-d", "-1"]


def test_the_volume_is_put_into_place_with_its_log_and_version(tomogram, python, tmp_path):
    found = python(COPY).denoise(tomogram, tmp_path / "out")
    assert found == tomogram.model_copy(
        update={"path": tmp_path / "out" / "ts_01_denoised.mrc", "even": None, "odd": None, "program": "Topaz 0.3.20"}
    )
    np.testing.assert_array_equal(read_volume(found.path), read_volume(tomogram.path))
    assert header(found.path).pixel_size == pytest.approx(10.0)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ts_01_denoised.mrc", "ts_01_topaz.log"]
    assert (tmp_path / "out" / "ts_01_topaz.log").read_text() == OUTPUT
    assert (tmp_path / "arguments").read_text().splitlines()[:2] == [LAUNCHER, "denoise3d"]


def test_a_missing_volume_is_an_error(tomogram, python, tmp_path):
    with pytest.raises(ResultError, match=r"did not write ts_01\.mrc"):
        python("echo topaz 0.3.20").denoise(tomogram, tmp_path / "out")


def test_an_output_without_version_is_an_error(tomogram, python, tmp_path):
    with pytest.raises(ResultError, match="version"):
        python("echo hello").denoise(tomogram, tmp_path / "out")


def test_a_failure_says_what_topaz_said(tomogram, python, tmp_path):
    with pytest.raises(CommandError, match="No module named 'topaz'"):
        python("echo \"ModuleNotFoundError: No module named 'topaz'\" >&2; exit 1").denoise(tomogram, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ts_01_topaz.log"]
