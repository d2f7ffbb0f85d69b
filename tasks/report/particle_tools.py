"""The tools of single particles, by the names of the parameters that choose them."""

from typing import Any

from tasks.b_factor import BFactorFitter
from tasks.class_selection import ClassSelector
from tasks.classification_2d import Classifier2D
from tasks.classification_3d import Classifier3D
from tasks.ice_thickness import IceEstimator
from tasks.initial_model import InitialModelFinder
from tasks.particle_extraction import ParticleExtractor
from tasks.particle_picking import ParticlePicker
from tasks.post_processing import PostProcessor
from tasks.refinement import Refiner
from tasks.symmetry_search import SymmetrySearch

PARTICLE_TOOLS: dict[str, Any] = {
    "b_factor_fitter": BFactorFitter,
    "classifier_2d": Classifier2D,
    "classifier_3d": Classifier3D,
    "extractor": ParticleExtractor,
    "ice_estimator": IceEstimator,
    "model_finder": InitialModelFinder,
    "picker": ParticlePicker,
    "post_processor": PostProcessor,
    "refiner": Refiner,
    "selector": ClassSelector,
    "symmetry_search": SymmetrySearch,
}
