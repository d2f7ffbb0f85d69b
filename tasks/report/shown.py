"""A picture on a page."""

from tasks.models import Model


class Shown(Model):
    """A picture, or why there is none."""

    file: str | None = None
    """Path from the folder of the report."""
    words: str = ""
    """What the picture shows, or why it is missing."""
