"""A sheet of class averages: the good ones first, each with what is known of it."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tasks.formats.mrc import read_volume
from tasks.images.pictures import Grey, contrast
from tasks.models.classes import ClassAverage, Classes2D, ClassScore

SIDE = 144
"""Pixels of the picture of one average."""
_GAP, _LINE, _FRAME = 10, 15, 3
_WIDEST = 10
_KEPT, _LEFT_OUT = (40, 150, 60), (190, 60, 40)


def class_sheet(classes: Classes2D, scores: tuple[ClassScore, ...]) -> Image.Image:
    """Draw all averages, best first; green is kept, red is left out."""
    order = sorted(zip(classes.classes, scores, strict=True), key=lambda pair: -pair[1].score)
    across = min(_WIDEST, len(order))
    cell = SIDE + 2 * _FRAME + _GAP, SIDE + 2 * _FRAME + _GAP + 2 * _LINE
    rows = -(-len(order) // across)
    sheet = Image.new("RGB", (across * cell[0] + _GAP, rows * cell[1] + _GAP), "white")
    averages = read_volume(classes.averages)
    for place, (item, score) in enumerate(order):
        corner = _GAP + place % across * cell[0], _GAP + place // across * cell[1]
        _draw(sheet, corner, _grey(averages[item.number - 1]), item, score)
    return sheet


def _draw(sheet: Image.Image, corner: tuple[int, int], grey: Grey, item: ClassAverage, score: ClassScore) -> None:
    pen, colour = ImageDraw.Draw(sheet), _KEPT if score.selected else _LEFT_OUT
    x, y = corner
    whole = SIDE + 2 * _FRAME
    pen.rectangle((x, y, x + whole - 1, y + whole - 1), outline=colour, width=_FRAME)
    picture = Image.fromarray(np.ascontiguousarray(grey[::-1])).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    sheet.paste(picture.convert("RGB"), (x + _FRAME, y + _FRAME))
    resolution = f"{item.resolution:.1f} A" if item.resolution else "no resolution"
    pen.text((x, y + whole + 2), f"{item.particles} particles", fill="black")
    pen.text((x, y + whole + 2 + _LINE), f"{resolution}, score {score.score:.2f}", fill=colour)


def _grey(average: npt.NDArray[np.float32]) -> Grey:
    return contrast(np.nan_to_num(average))
