"""The STAR file of the particles of one micrograph, as RELION 3.1 writes it."""

from pathlib import Path

import numpy as np
import pandas as pd

from tasks.formats.star import write_star
from tasks.models import Ctf, Micrograph, Optics
from tasks.particle_extraction.boxes import Boxes


def write_particles(star: Path, blocks: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Write the table of the optics groups and that of the particles."""
    write_star(star, dict(zip(("optics", "particles"), blocks, strict=True)))


def optics_table(optics: Optics, original: float, pixel_size: float, box_size: int) -> pd.DataFrame:
    """Return the table of one optics group; pixel sizes in angstrom, before and after binning."""
    return pd.DataFrame(
        [
            {
                "rlnOpticsGroupName": "opticsGroup1",
                "rlnOpticsGroup": 1,
                "rlnMicrographOriginalPixelSize": original,
                "rlnVoltage": optics.voltage,
                "rlnSphericalAberration": optics.spherical_aberration,
                "rlnAmplitudeContrast": optics.amplitude_contrast,
                "rlnImagePixelSize": pixel_size,
                "rlnImageSize": box_size,
                "rlnImageDimensionality": 2,
                "rlnCtfDataAreCtfPremultiplied": 0,
            }
        ]
    )


def particle_table(boxes: Boxes, stack: Path, micrograph: Micrograph, ctf: Ctf) -> pd.DataFrame:
    """Return the table of particles in the order of their images."""
    section = f"{micrograph.section + 1:06d}@" if micrograph.section else ""
    columns = {
        "rlnCoordinateX": boxes.centres[:, 0],
        "rlnCoordinateY": boxes.centres[:, 1],
        "rlnAutopickFigureOfMerit": boxes.merits,
        "rlnClassNumber": 0,
        "rlnAnglePsi": 0.0,
        "rlnImageName": [f"{number:06d}@{stack.absolute()}" for number in range(1, len(boxes) + 1)],
        "rlnMicrographName": f"{section}{micrograph.path.absolute()}",
        "rlnOpticsGroup": 1,
        "rlnCtfMaxResolution": ctf.resolution,
        "rlnCtfFigureOfMerit": ctf.figure_of_merit,
        "rlnDefocusU": ctf.defocus_u,
        "rlnDefocusV": ctf.defocus_v,
        "rlnDefocusAngle": ctf.defocus_angle,
        "rlnCtfBfactor": 0.0,
        "rlnCtfScalefactor": 1.0,
        "rlnPhaseShift": ctf.phase_shift,
    }
    return pd.DataFrame(columns, index=np.arange(len(boxes)))
