"""What a run and a session show people: Prefect artifacts, and a page for a browser."""

from tasks.report.progress import Progress
from tasks.report.session import write_session_report
from tasks.report.tilts import TiltStory, show_tilts, tell
from tasks.report.tomogram import show_tomogram
from tasks.report.work import show_work

__all__ = [
    "Progress",
    "TiltStory",
    "show_tilts",
    "show_tomogram",
    "show_work",
    "tell",
    "write_session_report",
]
