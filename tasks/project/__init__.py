"""A session as a project folder that RELION and the pipeliner of CCP-EM (doppio) open and continue."""

from tasks.project.found import ProcessedBatch, ProcessedDensity, ProcessedMovie, ProcessedPart, ProcessedTiltSeries
from tasks.project.register import Items
from tasks.project.spa import update_spa_project, write_spa_project
from tasks.project.tomography import update_tomography_project, write_tomography_project

__all__ = [
    "Items",
    "ProcessedBatch",
    "ProcessedDensity",
    "ProcessedMovie",
    "ProcessedPart",
    "ProcessedTiltSeries",
    "update_spa_project",
    "update_tomography_project",
    "write_spa_project",
    "write_tomography_project",
]
