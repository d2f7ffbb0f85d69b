"""The messages of Murfey, the facility's mover of files: what it asks for, and what it is told (``feedback``).

Its messages are read with tolerance, for they come from several programs and hands, and once read they are strict.
"""

from tasks.murfey.alignment import TomoAlign
from tasks.murfey.averages import SpaBFactor, SpaClass2D, SpaClass3D, SpaRefine
from tasks.murfey.connector import BFactorFitMessage, parse_connector
from tasks.murfey.extraction import SpaExtract
from tasks.murfey.parsing import Parsed, message_for, parse
from tasks.murfey.places import project_of, secure, session_name, visit_of
from tasks.murfey.preprocessing import SpaPreprocess, TomoPreprocess
from tasks.murfey.recipes import MurfeyRequest
from tasks.murfey.request import Request
from tasks.murfey.steps import StepRequest, is_step
from tasks.murfey.tilts import AskedTilt

__all__ = [
    "AskedTilt",
    "BFactorFitMessage",
    "MurfeyRequest",
    "Parsed",
    "Request",
    "SpaBFactor",
    "SpaClass2D",
    "SpaClass3D",
    "SpaExtract",
    "SpaPreprocess",
    "SpaRefine",
    "StepRequest",
    "TomoAlign",
    "TomoPreprocess",
    "is_step",
    "message_for",
    "parse",
    "parse_connector",
    "project_of",
    "secure",
    "session_name",
    "visit_of",
]
