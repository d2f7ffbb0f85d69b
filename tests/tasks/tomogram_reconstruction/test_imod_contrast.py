import subprocess

import numpy as np
import pytest
from stand_ins.imod import install_imod
from stand_ins.installing import calls

from tasks.errors import InputError
from tasks.formats.mrc import read_image, write_mrc
from tasks.formats.tlt import write_tlt
from tasks.formats.xf import write_xf
from tasks.models import Ctf, Optics
from tasks.tilt_series_alignment.conventions import to_imod
from tasks.tomogram_reconstruction import ImodReconstruction
from tasks.tomogram_reconstruction.contrast import Treatment, treat
from tasks.tomogram_reconstruction.imod_contrast import write_defocus
from tasks.tomogram_reconstruction.tilt_images import aligned_images

SHAPE = (64, 512)


def with_ctfs(recorded, folder, phase_shift=0.0):
    found = Ctf(
        defocus_u=20040,
        defocus_v=19960,
        defocus_angle=30,
        phase_shift=phase_shift,
        resolution=10,
        figure_of_merit=0.1,
        ice_ring=0,
        diagnostic=folder / "a.mrc",
        profile=folder / "a.txt",
        program="truth",
    )
    images = [image.model_copy(update={"ctf": found}) for image in recorded.series.images]
    return recorded.series.model_copy(update={"images": tuple(images)})


@pytest.fixture
def imod(tmp_path):
    folder = install_imod(tmp_path / "imod")
    programs = {"executable": "tilt", "newstack": "newstack", "ctfphaseflip": "ctfphaseflip"}
    paths = {field: str(folder / name) for field, name in programs.items()}
    return ImodReconstruction(**paths, binning=2, thickness=400, ctf_correction="phase-flip")


@pytest.mark.parametrize("handedness", [-1, 1])
@pytest.mark.parametrize("phase_shift", [0.0, 60.0])
def test_its_strips_have_the_defocus_that_ours_have(record, imod, tmp_path, handedness, phase_shift):
    recorded = record(SHAPE, axis=0, angles=(60, 40, -55))
    images = aligned_images(with_ctfs(recorded, tmp_path, phase_shift), recorded.alignment)
    noise = np.random.default_rng(31).normal(size=(3, *SHAPE)).astype(np.float32)
    write_mrc(tmp_path / "tilts_ali.mrc", noise, 5.0, stack=True)
    write_tlt(tmp_path / "tilts.tlt", [image.place.angle for image in images])
    write_defocus(tmp_path / "tilts.defocus", images)
    tool = imod.model_copy(update={"binning": 1, "handedness": handedness})
    typed = "\n".join(tool.correcting(Optics(), 5.0))
    subprocess.run([tool.ctfphaseflip, "-StandardInput"], input=typed, text=True, cwd=tmp_path, check=True)
    found = np.stack([read_image(tmp_path / "tilts_ctfcorr_ali.mrc", section) for section in range(3)])
    for hand in (-1, 1):
        treatment = Treatment(
            binning=1, dose_weighting=False, ctf_correction="phase-flip", handedness=hand, optics=Optics()
        )
        ours = [treat(plane, image, treatment) for plane, image in zip(noise, images, strict=True)]
        likeness = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(ours, found, strict=True)]
        assert min(likeness) > 0.95 if hand == handedness else max(likeness) < 0.85, likeness


def test_what_is_asked_and_written_is_whole(record, imod, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    optics = Optics(voltage=200, spherical_aberration=2, amplitude_contrast=0.07)
    tool = imod.model_copy(update={"handedness": 1})
    assert tool.correcting(optics, 1.35) == [
        *("InputStack tilts_ali.mrc", "OutputFileName tilts_ctfcorr_ali.mrc", "AngleFile tilts.tlt"),
        *("DefocusFile tilts.defocus", "Voltage 200", "SphericalAberration 2", "AmplitudeContrast 0.07"),
        *("PixelSize 0.27", "DefocusTol 50", "InterpolationWidth 15", "InvertTiltAngles"),
    ]
    images = aligned_images(with_ctfs(recorded, tmp_path), recorded.alignment)
    assert tool.projecting(images, "a.mrc")[0] == "InputProjections tilts_ctfcorr_ali.mrc"
    write_defocus(tmp_path / "plain.defocus", images)
    assert [line.split() for line in (tmp_path / "plain.defocus").read_text().splitlines()] == [
        ["1", "1", "-20.00", "-20.00", "2000.0", "2"],
        ["2", "2", "0.00", "0.00", "2000.0"],
        ["3", "3", "20.00", "20.00", "2000.0"],
    ]
    images = aligned_images(with_ctfs(recorded, tmp_path, 90), recorded.alignment)
    write_defocus(tmp_path / "shifted.defocus", images)
    # As in a real file of ctfplotter with phase shifts.
    assert (tmp_path / "shifted.defocus").read_text().startswith("4\t0\t0.0\t0.0\t0.0\t3\n1\t1\t-20.00\t-20.00\t")
    assert (tmp_path / "shifted.defocus").read_text().splitlines()[1].split()[4:] == ["2000.0", "90.00"]


def test_all_volumes_are_of_corrected_stacks(record, imod, tmp_path):
    recorded = record(halves=True, angles=range(-60, 61, 30))
    series = with_ctfs(recorded, tmp_path)
    write_xf(recorded.alignment.transforms, [to_imod(tilt, 5.0, (96, 112)) for tilt in recorded.alignment.tilts])
    tomogram = imod.reconstruct(series, recorded.alignment, tmp_path / "out")
    assert tomogram.resolution is not None
    assert calls(tmp_path / "imod" / "bin" / "ctfphaseflip") == [imod.correcting(series.optics, 5.0)] * 3
    assert (tmp_path / "out" / "ts_EVN_imod_ctfphaseflip.log").is_file()


def test_a_correction_needs_the_ctf_of_every_image(record, imod, tmp_path):
    recorded = record(angles=(-20, 0, 20))
    write_xf(recorded.alignment.transforms, [to_imod(tilt, 5.0, (96, 112)) for tilt in recorded.alignment.tilts])
    with pytest.raises(InputError, match="no CTF; expected the CTF of every tilt"):
        imod.reconstruct(recorded.series, recorded.alignment, tmp_path / "out")
