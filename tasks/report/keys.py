"""Names of artifacts, under which the UI collects the versions of one thing."""

import re


def artifact_key(kind: str, name: str) -> str:
    """Return the key of an artifact: Prefect allows lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", f"{kind}-{name}".lower()).strip("-")
