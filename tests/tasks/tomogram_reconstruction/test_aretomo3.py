import numpy as np
import pytest
from stand_ins.installing import install

from tasks.aretomo import read_version
from tasks.errors import CommandError, InputError, ResultError
from tasks.formats.aln import read_aln
from tasks.formats.mrc import header, read_image, read_volume, write_mrc
from tasks.models import Ctf, Optics
from tasks.tomogram_reconstruction import AreTomo3Reconstruction
from tasks.tomogram_reconstruction.aretomo_files import write_ctfs, write_inputs
from tasks.tomogram_reconstruction.tilt_images import aligned_images


@pytest.fixture
def program(tmp_path):
    """Return a stand-in for AreTomo3 that keeps its arguments and input, and writes volumes where AreTomo3 would."""
    volume = tmp_path / "volume.mrc"
    write_mrc(volume, np.random.default_rng(1).normal(size=(24, 56, 48)).astype(np.float32), 10.0)
    path = tmp_path / "AreTomo3"
    path.write_text(f"""#!/bin/sh
[ "$1" = --version ] && echo "version 2.2.2, built on Sep 12 2025" && exit
printf '%s\\n' "$@" > {tmp_path}/arguments
mkdir {tmp_path}/seen && cp "${{6}}"/* {tmp_path}/seen
for stack in "${{6}}"/*.mrc; do cp {volume} "${{stack%.mrc}}_Vol.mrc"; done
echo "Total time: 1.0 sec"
""")
    path.chmod(0o755)
    return AreTomo3Reconstruction(executable=str(path), binning=2)


def test_the_command_is_whole(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    series = recorded.series.model_copy(update={"optics": Optics(voltage=200, amplitude_contrast=0.07)})
    images = aligned_images(series, recorded.alignment)
    tool = AreTomo3Reconstruction(executable="/opt/AreTomo3", binning=6, thickness=1200, weighted=False, sart=(20, 5))
    command = tool.command(series, images, tmp_path / "in" / "ts.mrc")
    assert command == [
        *("/opt/AreTomo3", "-Cmd", "2", "-InPrefix", f"{tmp_path}/in/ts.mrc", "-OutDir", f"{tmp_path}/in"),
        *("-PixSize", "5", "-kV", "200", "-Cs", "2.7", "-AmpContrast", "0.07", "-VolZ", "240"),
        *("-CorrCTF", "0", "-FlipVol", "2", "-AtBin", "6", "-Wbp", "0", "-Sart", "20", "5", "-Gpu", "0"),
    ]


def test_stack_angles_and_alignment_lie_beside_each_other(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    images = aligned_images(recorded.series, recorded.alignment)
    write_inputs(tmp_path / "in" / "ts.mrc", images, ("",))
    assert header(tmp_path / "in" / "ts.mrc").shape == (3, 96, 112)
    assert not header(tmp_path / "in" / "ts.mrc").is_volume
    second = read_image(recorded.series.images[1].micrograph.path)
    np.testing.assert_array_equal(read_image(tmp_path / "in" / "ts.mrc", 1), second)
    assert (tmp_path / "in" / "ts_TLT.txt").read_text() == "  -20.00     1\n    0.00     2\n   20.00     3\n"
    found = read_aln(tmp_path / "in" / "ts.aln")
    assert found.raw_size == (112, 96, 3)
    for number, (row, tilt) in enumerate(zip(found.sections, recorded.alignment.tilts, strict=True)):
        assert (row.section, row.rotation, row.tilt) == (number, tilt.axis_angle, tilt.angle)
        assert row.shift == pytest.approx(np.array(tilt.displacement) / 5, abs=1e-3)


def test_volumes_are_put_into_place_with_log_and_version(record, program, tmp_path):
    recorded = record(angles=(-20, 0, 20), halves=True)
    tomogram = program.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert tomogram.program == "AreTomo3 2.2.2"
    assert (tomogram.voxel_size, tomogram.shape) == (10.0, (24, 56, 48))
    assert (tomogram.even.name, tomogram.odd.name) == ("ts_EVN_Vol.mrc", "ts_ODD_Vol.mrc")
    assert tomogram.resolution == pytest.approx(20.0)
    assert read_volume(tomogram.path).shape == (24, 56, 48)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["ts_EVN_Vol.mrc", "ts_ODD_Vol.mrc", "ts_Vol.mrc", "ts_aretomo3.log"]
    seen = sorted(path.name for path in (tmp_path / "seen").iterdir())
    assert seen == ["ts.aln", "ts.mrc", "ts_EVN.mrc", "ts_ODD.mrc", "ts_TLT.txt"]


def test_without_halves_there_is_one_volume(record, program, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tomogram = program.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert (tomogram.even, tomogram.odd, tomogram.resolution) == (None, None, None)


def test_a_missing_volume_is_an_error(record, program, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    (tmp_path / "AreTomo3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo "version 2.2.2, built on"\nexit 0\n')
    with pytest.raises(ResultError, match=r"did not write ts_Vol\.mrc"):
        program.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")


def test_a_missing_program_is_an_error(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    with pytest.raises(CommandError, match="was not found"):
        AreTomo3Reconstruction(executable="/no/AreTomo3", binning=2).reconstruct(
            recorded.series, recorded.alignment, tmp_path / "out"
        )


@pytest.mark.parametrize(
    ("answer", "version"),
    [("version 1.0.16, built on Jul 11 2024\n", "1.0.16"), ("AreTomo3 version 2.3.4\n", "2.3.4")],
)
def test_reads_the_version(answer, version):
    assert read_version("AreTomo3", answer) == f"AreTomo3 {version}"


def test_an_answer_without_version_is_an_error():
    with pytest.raises(ResultError, match="does not say its version but 'Usage'"):
        read_version("AreTomo3", "Usage")


def test_its_volume_shows_the_specimen_as_it_is(record, beads, tmp_path):
    recorded = record(angles=range(-60, 61, 10))
    program = install("aretomo3", tmp_path / "bin", "AreTomo3")
    tool = AreTomo3Reconstruction(executable=str(program), binning=2, thickness=400)
    tomogram = tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
    assert tomogram.shape == (40, 56, 48)
    expected = beads.volume(tomogram.shape, tomogram.voxel_size)
    assert np.corrcoef(read_volume(tomogram.path).ravel(), expected.ravel())[0, 1] > 0.6


def test_ctfs_are_written_as_aretomo3_writes_them(record, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    found = Ctf(
        defocus_u=25951.41,
        defocus_v=24469.37,
        defocus_angle=88.08,
        phase_shift=90,
        resolution=24.68,
        figure_of_merit=-0.0105,
        ice_ring=0,
        diagnostic=tmp_path / "a.mrc",
        profile=tmp_path / "a.txt",
        program="truth",
    )
    images = [image.model_copy(update={"ctf": found}) for image in recorded.series.images]
    series = recorded.series.model_copy(update={"images": tuple(images)})
    write_ctfs(tmp_path / "ts_CTF.txt", aligned_images(series, recorded.alignment))
    _, first, *_ = (tmp_path / "ts_CTF.txt").read_text().splitlines()
    # The first row of a real file, but for the phase shift (radian).
    assert first.split() == ["1", "25951.41", "24469.37", "88.08", "1.57", "-0.0105", "24.6800"]
    # AreTomo3 skips the first letter of a row.
    assert first[0] == " "


def test_a_correction_needs_the_ctf_of_every_image(record, program, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    tool = program.model_copy(update={"ctf_correction": "deconvolve"})
    with pytest.raises(InputError, match="no CTF; expected the CTF of every tilt"):
        tool.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
