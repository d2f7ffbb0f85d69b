"""The file of the graph, which RELION, the pipeliner and we write in turn."""

import re
from pathlib import Path

from tasks.errors import FormatError
from tasks.formats.star_rows import Loop, read_loops
from tasks.formats.text import read_lines
from tasks.project.browsing import offer_files
from tasks.project.lock import LOCK_SECONDS, locked
from tasks.project.pipeline import Pipeline, Process, render
from tasks.project.relion_types import job_label, node_label, status_label
from tasks.project.writing import write_text


def update_pipeline(project: Path, ours: Pipeline, patience: float = LOCK_SECONDS) -> bool:
    """Bring our jobs into the graph and leave those of others as they are; tell whether that changed the file."""
    path = project / "default_pipeline.star"
    if _is_up_to_date(path, ours):
        return False
    with locked(project, patience):
        theirs = read_pipeline(path) if path.exists() else Pipeline()
        together = merged(theirs, ours)
        write_text(path, render(together))
    offer_files(project, ours.model_copy(update={"processes": together.processes}))
    (project / ".gui_projectdir").touch()
    # An open window of RELION reads the graph again when it finds this file.
    (project / ".pipeline_has_changed").touch()
    return True


def _is_up_to_date(path: Path, ours: Pipeline) -> bool:
    """Tell without the lock; RELION may be in the midst of writing, which is no answer."""
    try:
        return path.exists() and path.read_text() == render(merged(read_pipeline(path), ours))
    except FormatError:
        return False


def merged(theirs: Pipeline, ours: Pipeline) -> Pipeline:
    """Return the graph with our jobs as we know them (under the alias that a user may have given), then the others."""
    names = {process.name for process in ours.processes}
    aliases = {process.name: process.alias for process in theirs.processes}
    renamed = [
        process.model_copy(update={"alias": aliases.get(process.name, process.alias)}) for process in ours.processes
    ]
    foreign = tuple(process for process in theirs.processes if process.name not in names)
    inputs = tuple(edge for edge in theirs.inputs if edge[1] not in names)
    outputs = tuple(edge for edge in theirs.outputs if edge[0] not in names)
    used = {name for name, _ in inputs} | {name for _, name in outputs}
    known = {name for name, _ in ours.nodes}
    nodes = tuple(node for node in theirs.nodes if node[0] in used and node[0] not in known)
    return Pipeline(
        counter=max(theirs.counter, ours.counter),
        processes=(*renamed, *foreign),
        nodes=ours.nodes + nodes,
        inputs=ours.inputs + inputs,
        outputs=ours.outputs + outputs,
    )


def read_pipeline(path: Path) -> Pipeline:
    """Read a graph that RELION (3.1 or later), the pipeliner or we have written."""
    text = "\n".join(read_lines(path, "a STAR file"))
    counter = re.search(r"^_rlnPipeLineJobCounter\s+(\d+)\s*$", text, re.MULTILINE)
    if counter is None:
        raise FormatError(path, "no rlnPipeLineJobCounter", "a block data_pipeline_general with it")
    loops = read_loops(path) if "\nloop_" in text else {}
    processes = [_process(row) for row in _rows(path, loops, "pipeline_processes", "rlnPipeLineProcess")]
    nodes = [(row["Name"], _node_type(row)) for row in _rows(path, loops, "pipeline_nodes", "rlnPipeLineNode")]
    inputs = [
        (row["FromNode"], row["Process"]) for row in _rows(path, loops, "pipeline_input_edges", "rlnPipeLineEdge")
    ]
    outputs = [
        (row["Process"], row["ToNode"]) for row in _rows(path, loops, "pipeline_output_edges", "rlnPipeLineEdge")
    ]
    return Pipeline(
        counter=int(counter[1]),
        processes=tuple(processes),
        nodes=tuple(nodes),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
    )


def _process(row: dict[str, str]) -> Process:
    kind = row.get("TypeLabel") or job_label(int(row["Type"]))
    status = row.get("StatusLabel") or status_label(int(row["Status"]))
    return Process(name=row["Name"], alias=row["Alias"], type=kind, status=status)


def _node_type(row: dict[str, str]) -> str:
    return row.get("TypeLabel") or node_label(int(row["Type"]))


def _rows(path: Path, loops: dict[str, Loop], name: str, prefix: str) -> list[dict[str, str]]:
    found = loops.get(name)
    if found is None:
        return []
    columns, rows = [column.removeprefix(prefix) for column in found.columns], [row.split() for row in found.rows]
    if any(len(row) != len(columns) for row in rows):
        raise FormatError(path, f"data_{name} with rows of other lengths", f"{len(columns)} values in each")
    return [dict(zip(columns, row, strict=True)) for row in rows]
