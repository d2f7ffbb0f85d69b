"""The tools of the steps, as choices in the forms of the flows."""

from flows.second_opinions_of_series import SecondOpinionsOfSeries
from tasks.ctf_estimation import CtfEstimator, EmbeddedCtf
from tasks.denoising import Denoiser, EmbeddedDenoising
from tasks.models import Model
from tasks.motion_correction import EmbeddedMotion, MotionCorrector
from tasks.segmentation import EmbeddedSegmentation, Segmenter
from tasks.tilt_series_alignment import EmbeddedAlignment, TiltSeriesAligner
from tasks.tomogram_picking import TomogramPicker
from tasks.tomogram_reconstruction import EmbeddedReconstruction, TomogramReconstructor


class TomographyTools(Model):
    """What each step of tomography is done with."""

    motion_corrector: MotionCorrector = EmbeddedMotion()
    ctf_estimator: CtfEstimator = EmbeddedCtf()
    aligner: TiltSeriesAligner = EmbeddedAlignment()
    reconstructor: TomogramReconstructor = EmbeddedReconstruction()
    denoiser: Denoiser = EmbeddedDenoising()
    segmenter: Segmenter | None = EmbeddedSegmentation()
    """What finds membranes and other features in the denoised tomogram; none to leave it."""
    picker: TomogramPicker | None = None
    """What finds particles in the tomogram; none to leave it."""
    second_opinions: SecondOpinionsOfSeries = SecondOpinionsOfSeries()
