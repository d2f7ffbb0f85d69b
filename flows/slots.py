"""How many items a run works on at once."""

from flows.hardware import cores, numbers
from tasks.settings import Settings


def slots() -> int:
    """Return the number that the site has set, or else one for each thread or worker that does tasks."""
    site = Settings()
    if site.slots:
        return site.slots
    if site.runner == "threads":
        return site.threads or cores()
    if site.gpus:
        return len(numbers(site.gpus))
    return site.workers or cores()
