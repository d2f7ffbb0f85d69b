"""How far a run is."""

from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from tasks.report.keys import artifact_key


class Progress:
    """A progress bar in the UI that counts finished pieces of work."""

    def __init__(self, name: str, what: str, total: int) -> None:
        self.total = max(total, 1)
        self.done = 0
        key = artifact_key(what, name)
        created = create_progress_artifact(0.0, key=key, description=f"{what} of {name}")
        self.artifact = UUID(str(created))

    def advance(self, pieces: int = 1) -> None:
        """Count more pieces."""
        self.done += pieces
        update_progress_artifact(self.artifact, progress=100 * self.done / self.total)
