"""Stands in for Gctf 1.18, which needs a GPU: fits as the built-in tool does, with the smaller defocus first."""

import sys
import types
from pathlib import Path

from stand_ins.installing import record

import tasks
from tasks.models import Micrograph, Optics

# Only the science of the package is wanted, not Prefect, which takes seconds to import.
_package = types.ModuleType("tasks.ctf_estimation")
_package.__path__ = [str(Path(tasks.__file__).parent / "ctf_estimation")]
sys.modules["tasks.ctf_estimation"] = _package

from tasks.ctf_estimation.embedded import EmbeddedCtf  # noqa: E402 - after its package

FLAGS = "--apix --cs --kV --ac --astm --logsuffix --boxsize --resL --resH --defL --defH --defS -gid"
PHASES = "--phase_shift_L --phase_shift_H --phase_shift_S"


def asked(words):
    """Return the values of the flags, and the images."""
    values, images = {}, []
    words = iter(words)
    for word in words:
        if word in {"--do_EPA", "--do_validation"}:
            values[word] = True
        elif word in FLAGS.split() + PHASES.split():
            values[word] = next(words)
        elif word.startswith("-"):
            raise SystemExit(f"Error: unknown option {word}")
        else:
            images.append(Path(word))
    return values, images


record(sys.argv[1:])
values, images = asked(sys.argv[1:])
optics = Optics(voltage=values["--kV"], spherical_aberration=values["--cs"], amplitude_contrast=values["--ac"])
tool = EmbeddedCtf(
    defocus_range=(float(values["--defL"]), float(values["--defH"])),
    resolution_range=(float(values["--resL"]), float(values["--resH"])),
)
for image in images:
    ctf = tool.estimate(Micrograph(path=image, pixel_size=float(values["--apix"])), optics, image.parent)
    image.with_suffix(".ctf").write_bytes(image.read_bytes())
    magnification = 14e4 / float(values["--apix"])
    # Gctf does not always say the larger defocus first.
    defoci = f"{ctf.defocus_v:12.2f}{ctf.defocus_u:12.2f}"
    lines = [
        "CS[mm], HT[kV], ac, XMAG, DStep[um]",
        f"{values['--cs']} {values['--kV']} {values['--ac']} {magnification:.1f} 14.000",
        "**************************************   LAST CYCLE    ************************************************",
        "   Defocus_U   Defocus_V       Angle         CCC",
        f"{defoci}{ctf.defocus_angle + 90:12.2f}{ctf.figure_of_merit:12.6f}  Final Values",
    ]
    if "--do_EPA" in values:
        lines.append(f"Resolution limit estimated by EPA: {ctf.resolution:.3f} ")
    name = f"{image.stem}{values['--logsuffix']}"
    image.with_name(name).write_text("\n".join([*lines, "Processing done successfully.", ""]))
