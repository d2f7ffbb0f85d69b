import numpy as np

from tasks.motion_correction.spectrum import group_length, group_spectrum

GAIN = np.ones((640, 600), np.float32)


def test_shows_a_wave_at_its_frequency():
    y, x = np.mgrid[:640, :600]
    frames = [np.cos(2 * np.pi * (40 * x + 64 * y) / 512).astype(np.float32)] * 3
    spectrum = group_spectrum(frames, GAIN, np.zeros((3, 2)), 2)
    peak = np.unravel_index(spectrum.argmax(), spectrum.shape)
    assert spectrum.shape == (512, 512)
    assert peak in {(256 + 64, 256 + 40), (256 - 64, 256 - 40)}


def test_reaches_the_nyquist_frequency_of_a_binned_micrograph():
    y, x = np.mgrid[:1100, :1100]
    frames = [np.cos(2 * np.pi * (40 * x + 64 * y) / 1024).astype(np.float32)]
    spectrum = group_spectrum(frames, np.ones((1100, 1100), np.float32), np.zeros((1, 2)), 1, 2.0)
    peak = np.unravel_index(spectrum.argmax(), spectrum.shape)
    assert peak in {(256 + 64, 256 + 40), (256 - 64, 256 - 40)}


def test_is_symmetric():
    noise = [np.random.default_rng(1).standard_normal((640, 600)).astype(np.float32)]
    spectrum = group_spectrum(noise, GAIN, np.zeros((1, 2)), 1)[1:, 1:]
    np.testing.assert_allclose(spectrum, spectrum[::-1, ::-1], rtol=1e-5)


def test_groups_frames_to_four_electrons():
    assert [group_length(dose, 20) for dose in (0.5, 1.5, 8.0, 0.0)] == [8, 3, 1, 1]
