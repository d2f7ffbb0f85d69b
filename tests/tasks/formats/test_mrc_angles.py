import struct

import mrcfile
import numpy as np
import pytest
from mrcfile.dtypes import get_ext_header_dtype

from tasks.formats.mrc_angles import read_tilt_angles


def stack(path, extended=None, kind=b"", shorts=(0, 0)):
    with mrcfile.new(path) as file:
        file.set_data(np.zeros((3, 4, 5), np.float32))
        if extended is not None:
            file.set_extended_header(extended)
        file.header.exttyp = kind
    content = bytearray(path.read_bytes())
    struct.pack_into("<2h", content, 128, *shorts)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", [b"SERI", b""])
def test_reads_the_angles_of_serialem(tmp_path, kind):
    # Tilt angle, piece coordinates (3) and magnification: flags 1 + 2 + 8, 10 bytes for each section.
    records = np.array([[-6001, 0, 0, 0, 530], [25, 0, 0, 0, 530], [6000, 0, 0, 0, 530]], "<i2")
    path = stack(tmp_path / "a.st", records, kind, shorts=(10, 11))
    assert read_tilt_angles(path) == (-60.01, 0.25, 60.0)


@pytest.mark.parametrize("longer", [0, 88])
def test_reads_the_angles_of_thermo_fisher_software(tmp_path, longer):
    records = np.zeros(3, get_ext_header_dtype(b"FEI1"))
    size = records.itemsize + longer
    records["Metadata size"] = size
    records["Alpha tilt"] = (-60, 0.5, 60)
    extended = b"".join(record.tobytes() + bytes(longer) for record in records)
    path = stack(tmp_path / "a.mrc", np.frombuffer(extended, "V1"), b"FEI1")
    assert read_tilt_angles(path) == (-60, 0.5, 60)


def test_says_none_where_the_header_says_none(tmp_path):
    assert read_tilt_angles(stack(tmp_path / "a.mrc")) is None
    records = np.zeros((3, 2), "<i2")
    assert read_tilt_angles(stack(tmp_path / "b.mrc", records, b"SERI", shorts=(4, 8))) is None
    assert read_tilt_angles(stack(tmp_path / "c.mrc", records, b"AGAR", shorts=(4, 1))) is None
    assert read_tilt_angles(stack(tmp_path / "d.mrc", records, b"SERI", shorts=(40, 1))) is None
    assert read_tilt_angles(stack(tmp_path / "e.mrc", records, b"FEI1")) is None
