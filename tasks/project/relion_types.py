"""Job and node types: words since RELION 4, numbers in RELION 3.1."""

JOB_NUMBERS = {
    "relion.import": 0,
    "relion.motioncorr": 1,
    "relion.ctffind": 2,
    "relion.manualpick": 3,
    "relion.autopick": 4,
    "relion.extract": 5,
    "relion.select": 7,
    "relion.class2d": 8,
    "relion.class3d": 9,
    "relion.refine3d": 10,
    "relion.maskcreate": 12,
    "relion.joinstar": 13,
    "relion.subtract": 14,
    "relion.postprocess": 15,
    "relion.localres": 16,
    "relion.initialmodel": 18,
    "relion.multibody": 19,
    "relion.polish": 20,
    "relion.ctfrefine": 21,
    "relion.external": 22,
}
NODE_NUMBERS = {
    "MicrographMovieGroupMetadata.star.relion": 0,
    "MicrographGroupMetadata.star.relion": 1,
    "MicrographCoordsGroup.star.relion": 2,
    "ParticleGroupMetadata.star.relion": 3,
    "Image2DGroupMetadata.star.relion": 5,
    "DensityMap.mrc": 6,
    "Mask3D.mrc": 7,
    "OptimiserData.star.relion": 9,
    "DensityMap.mrc.relion.halfmap": 10,
    "DensityMap.mrc.relion.postprocess": 11,
    "Image3D.mrc.relion.localres": 12,
    "LogFile.pdf.relion": 13,
    "ProcessData.star.relion.postprocess": 14,
    "ParamsData.txt.relion.polish": 15,
}
STATUS_NUMBERS = {"Running": 0, "Scheduled": 1, "Succeeded": 2, "Failed": 3, "Aborted": 4}
_MODEL = 8


def job_number(label: str) -> int | None:
    """Return the number of a job type; none for what RELION 3.1 has not."""
    return JOB_NUMBERS.get(".".join(label.split(".")[:2]))


def node_number(label: str) -> int | None:
    """Return the number of the longest known beginning of a node type; none for what RELION 3.1 has not."""
    parts = label.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((NODE_NUMBERS[beginning] for beginning in beginnings if beginning in NODE_NUMBERS), None)


def job_label(number: int) -> str:
    """Return the word for the number of a job type."""
    return _word(JOB_NUMBERS, number, "relion.external")


def node_label(number: int) -> str:
    """Return the word for the number of a node type."""
    return _word(NODE_NUMBERS, 9 if number == _MODEL else number, "UnsupportedNodeType")


def status_label(number: int) -> str:
    """Return the word for the number of a status."""
    return _word(STATUS_NUMBERS, number, "Failed")


def _word(numbers: dict[str, int], number: int, otherwise: str) -> str:
    return next((label for label, value in numbers.items() if value == number), otherwise)
