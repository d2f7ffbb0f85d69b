"""The tilts that belong together: of mdoc files, of file names, or of a stack."""

from tasks.tilt_series_grouping.from_folder import Grouping, find_mdocs, from_files, from_mdocs
from tasks.tilt_series_grouping.from_list import ListedTilt, from_list
from tasks.tilt_series_grouping.from_mdoc import from_mdoc
from tasks.tilt_series_grouping.from_name import named_tilt, tilt_by_name
from tasks.tilt_series_grouping.from_stack import from_stack
from tasks.tilt_series_grouping.preflight import check

__all__ = [
    "Grouping",
    "ListedTilt",
    "check",
    "find_mdocs",
    "from_files",
    "from_list",
    "from_mdoc",
    "from_mdocs",
    "from_stack",
    "named_tilt",
    "tilt_by_name",
]
