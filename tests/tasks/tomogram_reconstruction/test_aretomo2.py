import numpy as np
import pytest
from stand_ins.installing import calls, install

from tasks.errors import InputError, ResultError
from tasks.formats.aln import Aln, AlnPatch, AlnSection, read_aln, write_aln
from tasks.formats.mrc import read_volume, write_mrc
from tasks.tomogram_reconstruction import AreTomo2Reconstruction, EmbeddedReconstruction
from tasks.tomogram_reconstruction.aretomo_files import write_inputs
from tasks.tomogram_reconstruction.local import local_patches
from tasks.tomogram_reconstruction.tilt_images import aligned_images


@pytest.fixture
def aretomo2(tmp_path):
    return install("aretomo2", tmp_path / "bin", "AreTomo2")


def written_by(tmp_path, volume, voxel_size=10.0):
    """Return the tool with a program that writes a given volume."""
    write_mrc(tmp_path / "volume.mrc", volume.astype(np.float32), voxel_size)
    program = tmp_path / "AreTomo2"
    program.write_text(f"""#!/bin/sh
[ "$1" = --version ] && echo "AreTomo2 version 1.1.3" && exit
cp {tmp_path}/volume.mrc "$4"
""")
    program.chmod(0o755)
    return AreTomo2Reconstruction(executable=str(program), binning=2, thickness=400)


def test_its_slices_become_sections_that_show_the_same_specimen(record, beads, aretomo2, tmp_path):
    recorded = record(halves=True, angles=range(-60, 61, 10))
    tool = AreTomo2Reconstruction(executable=str(aretomo2), binning=2, thickness=400)
    tomogram = tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    # The axis is at 85 degree: y of the volume is along the longer side of the images.
    assert tomogram.shape == (40, 56, 48)
    assert (tomogram.voxel_size, tomogram.program) == (10.0, "AreTomo2 1.1.3")
    assert [path.name for path in (tomogram.even, tomogram.odd)] == ["ts_EVN_Vol.mrc", "ts_ODD_Vol.mrc"]
    found = read_volume(tomogram.path)
    expected = beads.volume(tomogram.shape, tomogram.voxel_size)
    mirrored = beads.volume(tomogram.shape, tomogram.voxel_size)[::-1]
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.6
    assert np.corrcoef(found.ravel(), mirrored.ravel())[0, 1] < 0.3
    kinds = [arguments[1] for arguments in calls(aretomo2)[1:]]
    assert kinds == ["tilts.mrc", "tilts_EVN.mrc", "tilts_ODD.mrc"]


def test_the_command_is_whole(record):
    recorded = record(angles=(-20, 0, 20))
    images = aligned_images(recorded.series, recorded.alignment)
    tool = AreTomo2Reconstruction(binning=2, thickness=1200, weighted=False, sart=(15, 5), gpus=(0, 3))
    assert tool.command(images, "_ODD") == [
        *("AreTomo2", "-InMrc", "tilts_ODD.mrc", "-OutMrc", "tilts_ODD_Vol.mrc", "-AlnFile", "tilts.aln"),
        *("-PixSize", "5", "-VolZ", "240", "-FlipVol", "0", "-OutBin", "2", "-Wbp", "0", "-Sart", "15", "5"),
        *("-Gpu", "0", "3"),
    ]


def aligned_locally(recorded):
    """Return the alignment with the local one in its .aln file."""
    path = recorded.alignment.transforms.with_suffix(".aln")
    patches = tuple(
        AlnPatch(row=row, patch=patch, centre=(10.0 * patch, -10.0), shift=(0.5, row), good=True)
        for row in range(len(recorded.alignment.tilts))
        for patch in range(4)
    )
    sections = tuple(
        AlnSection(section=n, rotation=85, shift=(0, 0), tilt=tilt.angle)
        for n, tilt in enumerate(recorded.alignment.tilts)
    )
    write_aln(path, Aln(raw_size=(112, 96, len(sections)), sections=sections, patches=patches))
    return recorded.alignment, patches


def test_the_local_alignment_is_used(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    alignment, patches = aligned_locally(recorded)
    images = aligned_images(recorded.series, alignment)
    write_inputs(tmp_path / "in" / "tilts.mrc", images, ("",), local_patches(alignment))
    assert read_aln(tmp_path / "in" / "tilts.aln").patches == patches


def test_a_program_without_local_alignment_says_so(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = EmbeddedReconstruction(binning=4, halves=False)
    plain = tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "plain")
    assert not plain.program.endswith("local alignment")
    alignment, _ = aligned_locally(recorded)
    left_out = tool.reconstruct(recorded.series, alignment, tmp_path / "local")
    assert left_out.program == f"{plain.program}, without the local alignment"


def test_refuses_a_volume_without_contrast(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = written_by(tmp_path, np.full((56, 40, 48), 3.0))
    with pytest.raises(ResultError, match=r"AreTomo2 \(tilts_Vol\.mrc\) wrote a volume of nothing but 3"):
        tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_refuses_a_volume_of_another_size(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    noise = np.random.default_rng(3).normal(size=(48, 40, 56))
    with pytest.raises(ResultError, match=r"\(48, 40, 56\) voxels \(z, y, x\) instead of \(56, 40, 48\)"):
        written_by(tmp_path, noise).reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_refuses_voxels_of_another_size(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = written_by(tmp_path, np.random.default_rng(3).normal(size=(56, 40, 48)), voxel_size=5.0)
    with pytest.raises(ResultError, match=r"wrote voxels of 5\.000 angstrom instead of 10\.000"):
        tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_refuses_a_depth_of_which_aretomo_makes_nothing(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = AreTomo2Reconstruction(executable="/no/AreTomo2", binning=4, thickness=300)
    with pytest.raises(InputError, match="14 voxels in depth; expected more than 16"):
        tool.reconstruct(recorded.series, recorded.alignment, tmp_path)
