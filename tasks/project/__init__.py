"""A session as a project folder that RELION and the pipeliner of CCP-EM (doppio) open and continue."""

from tasks.project.found import ProcessedBatch, ProcessedMovie, ProcessedTiltSeries
from tasks.project.spa import write_spa_project
from tasks.project.tomography import write_tomography_project

__all__ = ["ProcessedBatch", "ProcessedMovie", "ProcessedTiltSeries", "write_spa_project", "write_tomography_project"]
