"""What Murfey is told.

Each message is one logical event. Most events do harm when they are told twice, and Murfey never asks: so each has a
key, ``event``, under which it is to be sent once.
"""

from tasks.murfey.feedback.base import Feedback, SpaFeedback
from tasks.murfey.feedback.batches import (
    Class2DMessage,
    CompleteParticlesFile,
    DoneClassSelection,
    DoneIncomplete2DBatch,
    DoneParticleSelection,
    IncompleteParticlesFile,
    SaveClassSelectionScore,
)
from tasks.murfey.feedback.densities import (
    Class3DMessage,
    Done3DBatch,
    DoneBFactor,
    DoneRefinement,
    RunClass3D,
    SaveInitialModel,
)
from tasks.murfey.feedback.micrographs import (
    CtfValues,
    ExtractionParameters,
    MotionCorrected,
    PickedParticles,
    sampled,
)

__all__ = [
    "Class2DMessage",
    "Class3DMessage",
    "CompleteParticlesFile",
    "CtfValues",
    "Done3DBatch",
    "DoneBFactor",
    "DoneClassSelection",
    "DoneIncomplete2DBatch",
    "DoneParticleSelection",
    "DoneRefinement",
    "ExtractionParameters",
    "Feedback",
    "IncompleteParticlesFile",
    "MotionCorrected",
    "PickedParticles",
    "RunClass3D",
    "SaveClassSelectionScore",
    "SaveInitialModel",
    "SpaFeedback",
    "sampled",
]
