"""What a run shows people, as Prefect artifacts; the page of a session is in ``tasks.report.session``."""

from tasks.report.averaging import show_b_factor, show_classes, show_density, show_end
from tasks.report.progress import Progress
from tasks.report.tilts import TiltStory, show_tilts, tell
from tasks.report.tomogram import show_tomogram
from tasks.report.work import show_work

__all__ = [
    "Progress",
    "TiltStory",
    "show_b_factor",
    "show_classes",
    "show_density",
    "show_end",
    "show_tilts",
    "show_tomogram",
    "show_work",
    "tell",
]
