"""All that Murfey can ask us for, by the recipes that ask for it."""

from collections.abc import Mapping

from tasks.murfey.alignment import TomoAlign
from tasks.murfey.averages import SpaBFactor, SpaClass2D, SpaClass3D, SpaRefine
from tasks.murfey.extraction import SpaExtract
from tasks.murfey.preprocessing import SpaPreprocess, TomoPreprocess

MurfeyRequest = (
    SpaPreprocess | SpaExtract | SpaClass2D | SpaClass3D | SpaRefine | SpaBFactor | TomoPreprocess | TomoAlign
)

_REQUESTS: tuple[type[MurfeyRequest], ...] = (
    SpaPreprocess,
    SpaExtract,
    SpaClass2D,
    SpaClass3D,
    SpaRefine,
    SpaBFactor,
    TomoPreprocess,
    TomoAlign,
)
RECIPES: Mapping[str, type[MurfeyRequest]] = {request.recipe: request for request in _REQUESTS}
"""The requests by the recipes that ask for them."""
