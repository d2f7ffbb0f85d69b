"""A session as a project folder that RELION and the pipeliner of CCP-EM (doppio) open and continue."""

from tasks.project.found import ProcessedMovie, ProcessedTiltSeries
from tasks.project.tomography import write_tomography_project

__all__ = ["ProcessedMovie", "ProcessedTiltSeries", "write_tomography_project"]
