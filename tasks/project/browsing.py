"""The hidden folder in which RELION's windows look for files of the type that a job wants."""

from pathlib import Path

from tasks.project.pipeline import Pipeline
from tasks.project.relion_types import node_number


def offer_files(project: Path, pipeline: Pipeline) -> None:
    """Have the windows of RELION and doppio offer the outputs of jobs; RELION 3.1 has numbers for their types."""
    aliases = {process.name: process.alias for process in pipeline.processes}
    kinds = dict(pipeline.nodes)
    for job, file in pipeline.outputs:
        shown = job if aliases.get(job, "None") == "None" else aliases[job]
        types = (kinds[file].split(".")[0], node_number(kinds[file]))
        for kind in types:
            if kind is not None:
                entry = project / ".Nodes" / str(kind) / f"{shown}{file.removeprefix(job)}"
                entry.parent.mkdir(parents=True, exist_ok=True)
                entry.touch()
