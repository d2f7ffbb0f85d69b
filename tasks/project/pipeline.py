"""The graph of a project: which jobs there are, and what each makes of which files of which other."""

from pydantic import PositiveInt

from tasks.formats.star_text import Value, loop, pairs
from tasks.models import Model
from tasks.project.relion_types import STATUS_NUMBERS, job_number, node_number


class Process(Model):
    """A job, as its project knows it."""

    name: str
    """Its folder, such as Import/job001/."""
    alias: str = "None"
    """Another name of its folder, such as Import/Live_import/."""
    type: str
    status: str


class Pipeline(Model):
    """A graph of jobs and of the files between them."""

    counter: PositiveInt = 1
    """Number of the next job."""
    processes: tuple[Process, ...] = ()
    nodes: tuple[tuple[str, str], ...] = ()
    """File and type."""
    inputs: tuple[tuple[str, str], ...] = ()
    """File and the job that reads it."""
    outputs: tuple[tuple[str, str], ...] = ()
    """Job and the file that it writes."""


def render(pipeline: Pipeline) -> str:
    """Return the text of default_pipeline.star.

    The types stand there as words, for RELION 4 and 5 and the pipeliner of CCP-EM, and as numbers, for RELION 3.1,
    where it knows all of them. The status in words must be the last column: by that the pipeliner tells the versions.
    """
    parts = [pairs("pipeline_general", {"rlnPipeLineJobCounter": pipeline.counter})]
    if pipeline.processes:
        parts += [_processes(pipeline), _nodes(pipeline)]
    if pipeline.inputs:
        columns = ["rlnPipeLineEdgeFromNode", "rlnPipeLineEdgeProcess"]
        parts.append(loop("pipeline_input_edges", columns, pipeline.inputs))
    if pipeline.outputs:
        columns = ["rlnPipeLineEdgeProcess", "rlnPipeLineEdgeToNode"]
        parts.append(loop("pipeline_output_edges", columns, pipeline.outputs))
    return "".join(parts)


def _processes(pipeline: Pipeline) -> str:
    old: list[str] = ["rlnPipeLineProcessType", "rlnPipeLineProcessStatus"] if _is_known_to_old(pipeline) else []
    columns = ["rlnPipeLineProcessName", "rlnPipeLineProcessAlias", *old]
    columns += ["rlnPipeLineProcessTypeLabel", "rlnPipeLineProcessStatusLabel"]
    rows: list[list[Value]] = []
    for process in pipeline.processes:
        numbers: list[Value] = [job_number(process.type) or 0, STATUS_NUMBERS[process.status]] if old else []
        rows.append([process.name, process.alias, *numbers, process.type, process.status])
    return loop("pipeline_processes", columns, rows)


def _nodes(pipeline: Pipeline) -> str:
    old = ["rlnPipeLineNodeType"] if _is_known_to_old(pipeline) else []
    columns = ["rlnPipeLineNodeName", *old, "rlnPipeLineNodeTypeLabel", "rlnPipeLineNodeTypeLabelDepth"]
    rows: list[list[Value]] = []
    for name, kind in pipeline.nodes:
        number: list[Value] = [node_number(kind) or 0] if old else []
        rows.append([name, *number, kind, 1])
    return loop("pipeline_nodes", columns, rows)


def _is_known_to_old(pipeline: Pipeline) -> bool:
    jobs = all(job_number(process.type) is not None for process in pipeline.processes)
    return jobs and all(node_number(kind) is not None for _, kind in pipeline.nodes)
