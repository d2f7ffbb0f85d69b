"""What a run shows people, as Prefect artifacts."""

from tasks.report.progress import Progress
from tasks.report.tilts import TiltStory, show_tilts, tell
from tasks.report.tomogram import show_tomogram

__all__ = ["Progress", "TiltStory", "show_tilts", "show_tomogram", "tell"]
