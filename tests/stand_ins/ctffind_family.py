"""What stands in for CTFFIND 4 and 5: asks their questions, fits as the built-in tool does, writes what they write."""

import math
import sys
import types
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from stand_ins.installing import record

import tasks
from tasks.formats.mrc import header, read_image, write_mrc
from tasks.models import Micrograph, Optics, TiltGeometry

# Only the science of the package is wanted, not Prefect, which takes seconds to import.
_package = types.ModuleType("tasks.ctf_estimation")
_package.__path__ = [str(Path(tasks.__file__).parent / "ctf_estimation")]
sys.modules["tasks.ctf_estimation"] = _package

TILTS, AXES = (-45, 45), (0, 90)
YES = {"yes": True, "y": True, "no": False, "n": False}


class Answers:
    """The answers, one by one, as the program asks for them."""

    def __init__(self):
        self.lines = sys.stdin.read().splitlines()
        self.used = 0

    def ask(self, question, kind=str):
        """Return the next answer; stop as the program does at one of the wrong kind."""
        sys.stdout.write(f"{question:<51}: ")
        answer = self.lines[self.used].strip() if self.used < len(self.lines) else ""
        self.used += 1
        sys.stdout.write(f"{answer}\n")
        try:
            return YES[answer.lower()] if kind is bool else kind(answer)
        except (KeyError, ValueError):
            raise SystemExit(f"Error: {answer!r} is no answer to {question!r}") from None


def main(version):
    """Ask, fit, write."""
    sys.stdout.write(f"\n\n        **   Welcome to Ctffind   **\n\n            Version : {version}\n")
    sys.stdout.write("           Compiled : Nov  1 2026\n               Mode : Interactive\n\n")
    answers = Answers()
    asked = _ask(answers, version)
    record(answers.lines)
    found, averages, spectrum = _fit(asked)
    _write(asked, version, found, averages, spectrum)


def _ask(answers, version):
    source = Path(answers.ask("Input image file name [input.mrc]"))
    if not source.is_file():
        record(answers.lines)
        raise SystemExit(f"Error: file {source} does not exist")
    if header(source).shape[0] > 1:
        raise SystemExit("Error: a stack, of which the stand-in knows nothing")
    numbers = {"source": source, "output": Path(answers.ask("Output diagnostic image file name"))}
    for name, question, kind in (
        ("pixel_size", "Pixel size [1.0]", float),
        ("voltage", "Acceleration voltage [300.0]", float),
        ("aberration", "Spherical aberration [2.70]", float),
        ("contrast", "Amplitude contrast [0.07]", float),
        ("box", "Size of amplitude spectrum to compute [512]", int),
        ("coarsest", "Minimum resolution [30.0]", float),
        ("finest", "Maximum resolution [5.0]", float),
        ("least", "Minimum defocus [5000.0]", float),
        ("most", "Maximum defocus [50000.0]", float),
        ("step", "Defocus search step [100.0]", float),
        ("known", "Do you know what astigmatism is present? [No]", bool),
        ("slow", "Slower, more exhaustive search? [No]", bool),
        ("restrained", "Use a restraint on astigmatism? [No]", bool),
    ):
        numbers[name] = answers.ask(question, kind)
    tolerated = answers.ask("Expected (tolerated) astigmatism [200.0]", float) if numbers["restrained"] else 600.0
    phases = None
    if answers.ask("Find additional phase shift? [No]", bool):
        limits = [answers.ask(f"{limit} phase shift (rad)", float) for limit in ("Minimum", "Maximum")]
        phases = tuple(math.degrees(limit) for limit in limits)
        answers.ask("Phase shift search step [0.5]", float)
    numbers |= {"tolerated": tolerated, "phases": phases, "tilt": False, "thickness": False}
    if version.startswith("5"):
        if phases is None:
            numbers["tilt"] = answers.ask("Determine sample tilt? [No]", bool)
        numbers["thickness"] = answers.ask("Determine samnple thickness? [No]", bool)
        if numbers["thickness"]:
            answers.ask("Use brute force 1D search? [Yes]", bool)
            answers.ask("Use 2D refinement? [Yes]", bool)
            answers.ask("Low resolution limit for nodes [30.0]", float)
            answers.ask("High resolution limit for nodes [3.0]", float)
            answers.ask("Use rounded square for nodes? [No]", bool)
            answers.ask("Downweight nodes? [No]", bool)
    if answers.ask("Do you want to set expert options? [No]", bool):
        raise SystemExit("Error: expert options, of which the stand-in knows nothing")
    return numbers


def _fit(asked):
    """Fit as the built-in tool does; the best of some tilts if one is to be determined."""
    from tasks.ctf_estimation.embedded import EmbeddedCtf  # noqa: PLC0415 - after its package
    from tasks.ctf_estimation.profile import read_profile  # noqa: PLC0415

    optics = Optics(
        voltage=asked["voltage"], spherical_aberration=asked["aberration"], amplitude_contrast=asked["contrast"]
    )
    tool = EmbeddedCtf(
        defocus_range=(asked["least"], asked["most"]),
        resolution_range=(asked["coarsest"], asked["finest"]),
        astigmatism=asked["tolerated"],
        phase_shift_range=asked["phases"],
    )
    micrograph = Micrograph(path=asked["source"], pixel_size=asked["pixel_size"])
    folder = asked["output"].parent
    tilts = [None]
    if asked["tilt"]:
        tilts += [TiltGeometry(angle=angle, axis_angle=axis) for angle in TILTS for axis in AXES]
    fits = [(tool.estimate(micrograph, optics, folder, tilt), tilt) for tilt in tilts]
    best, tilt = max(fits, key=lambda fit: fit[0].figure_of_merit)
    best = tool.estimate(micrograph, optics, folder, tilt)
    profile = read_profile(best.profile)
    for path in (best.profile, best.diagnostic):
        path.unlink()
    frequency = np.arange(0, 0.5 / asked["pixel_size"], 1 / (asked["box"] * asked["pixel_size"]))
    rows = [np.interp(frequency, profile.frequency, values) for values in (profile.observed, profile.fit)]
    correlation = np.interp(frequency, profile.frequency, profile.correlation)
    return (
        (best, tilt),
        [frequency, rows[0], rows[0], rows[1], correlation, np.full_like(frequency, 0.1)],
        _spectrum(asked),
    )


def _spectrum(asked):
    """Return the amplitude spectrum, of the size that was asked for."""
    from scipy.ndimage import zoom  # noqa: PLC0415 - not needed to say the version

    image = read_image(asked["source"])
    side = min(image.shape) // 2 * 2
    amplitude = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(image[:side, :side] - image.mean()))))
    return zoom(amplitude, asked["box"] / side, order=1).astype(np.float32)[: asked["box"], : asked["box"]]


def _write(asked, version, found, averages, spectrum):
    """Write picture, values and averages, and sum up on the terminal."""
    ctf, tilt = found
    output = asked["output"]
    write_mrc(output, spectrum, asked["pixel_size"])
    optics = (
        f"# Pixel size: {asked['pixel_size']:0.3f} Angstroms ; acceleration voltage: {asked['voltage']:0.1f} keV ; "
        f"spherical aberration: {asked['aberration']:0.2f} mm ; amplitude contrast: {asked['contrast']:0.2f}"
    )
    search = (
        f"# Box size: {asked['box']} pixels ; min. res.: {asked['coarsest']:0.1f} Angstroms ; "
        f"max. res.: {asked['finest']:0.1f} Angstroms ; min. def.: {asked['least']:0.1f} um; "
        f"max. def. {asked['most']:0.1f} um"
    )
    head = [
        f"# Output from CTFFind version {version}, run on {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        f"# Input file: {asked['source']} ; Number of micrographs: 1",
        optics,
        search,
    ]
    columns = (
        "# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; #3 - defocus 2; #4 - azimuth of astigmatism; "
        "#5 - additional phase shift [radians]; #6 - cross correlation; "
        "#7 - spacing (in Angstroms) up to which CTF rings were fit successfully"
    )
    values = [1, ctf.defocus_u, ctf.defocus_v, ctf.defocus_angle, math.radians(ctf.phase_shift)]
    values += [ctf.figure_of_merit, ctf.resolution]
    if version.startswith("5"):
        columns += (
            "; #8 - Estimated tilt axis angle; #9 - Estimated tilt angle ; "
            "#10 Estimated sample thickness (in Angstroms)"
        )
        axis = (90 - tilt.axis_angle, tilt.angle) if tilt else (0, 0)
        values += [*axis, 900.0 if asked["thickness"] else 0.0]
    row = " ".join(f"{value:f}" for value in values)
    summary = output.with_suffix(".txt")
    summary.write_text("\n".join([*head, columns, row]) + "\n")
    lines = (
        "# 6 lines per micrograph: #1 - spatial frequency (1/Angstroms); "
        "#2 - 1D rotational average of spectrum (assuming no astigmatism); #3 - 1D rotational average of spectrum; "
        "#4 - CTF fit; #5 - cross-correlation between spectrum and CTF fit; "
        "#6 - 2sigma of expected cross correlation of noise"
    )
    table = [" ".join(f"{value:f}" for value in values) for values in averages]
    head[3] += "; num. frames averaged: 1"
    beside = output.with_name(f"{output.stem}_avrot.txt")
    beside.write_text("\n".join([*head, lines, *table]) + "\n")
    sys.stdout.write(
        f"\nEstimated defocus values        : {ctf.defocus_u:0.2f} , {ctf.defocus_v:0.2f} Angstroms\n"
        f"Estimated azimuth of astigmatism: {ctf.defocus_angle:0.2f} degrees\n"
        f"Score                           : {ctf.figure_of_merit:0.5f}\n"
        f"Pixel size for fitting          : {asked['pixel_size']:0.3f} Angstroms\n"
        f"Thon rings with good fit up to  : {ctf.resolution:0.1f} Angstroms\n\n"
        f"Summary of results                          : {summary}\n"
        f"Diagnostic images                           : {output}\n"
        f"Detailed results, including 1D fit profiles : {beside}\n"
    )
