"""The tools from particles to a density, as choices in the forms of the flows."""

from typing import Literal

from pydantic import PositiveFloat, PositiveInt

from tasks.b_factor import BFactorFitter, EmbeddedBFactor
from tasks.class_selection import ClassSelector, EmbeddedRanking
from tasks.classification_2d import Classifier2D, RelionClassification2D
from tasks.classification_3d import Classifier3D, RelionClassification3D
from tasks.initial_model import InitialModelFinder, RelionInitialModel
from tasks.models import Model
from tasks.particle_extraction import EmbeddedExtraction, ParticleExtractor
from tasks.post_processing import PostProcessor, RelionPostProcessing
from tasks.refinement import Refiner, RelionRefinement
from tasks.symmetry_search import RelionSymmetrySearch, SymmetrySearch


class AveragingTools(Model):
    """What each step from the particles to a density is done with."""

    extractor: ParticleExtractor = EmbeddedExtraction()
    classifier_2d: Classifier2D = RelionClassification2D()
    selector: ClassSelector = EmbeddedRanking()
    model_finder: InitialModelFinder = RelionInitialModel()
    classifier_3d: Classifier3D = RelionClassification3D()
    symmetry_search: SymmetrySearch = RelionSymmetrySearch()
    refiner: Refiner = RelionRefinement()
    post_processor: PostProcessor = RelionPostProcessing()
    b_factor_fitter: BFactorFitter = EmbeddedBFactor()
    smallest_subset: PositiveInt = 2000
    """Particles of the smallest part that is refined for the B factor; each further part is twice as large."""
    batch_size: PositiveInt = 50_000
    """Particles that are classified in 2D at once."""
    worth_refining: PositiveFloat | None = None
    """Coarsest resolution in angstrom of a 3D class that is worth a refinement; by default a fifth of the diameter of
    the particles: coarser densities show an outline."""
    hand: Literal["as found", "mirrored"] = "as found"
    """Images do not tell the hand of a density, and one that was found from particles alone has either. Compare it with
    what is known (a structure, or helices, which turn to the right) and mirror it if it is wrong: nothing is refined
    again."""
