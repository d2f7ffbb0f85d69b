"""Results, and the requests for them, from which come the rows of tests/data/ispyb/reference_rows.json."""

from pathlib import Path

from flows.ispyb.batches import FoundBatch
from flows.ispyb.densities import FoundDensities
from flows.ispyb.exposures import Exposure, ExposurePictures, MovieFile
from flows.ispyb.movies import SpaMovie
from flows.ispyb.refinements import FoundDensity
from flows.ispyb.series import FoundSeries, SeriesPictures
from flows.ispyb.viewing import Viewing
from tasks.ctf_estimation import Ctffind4
from tasks.ispyb import Ref
from tasks.models import (
    Acquisition,
    Alignment,
    Ctf,
    IceThickness,
    Micrograph,
    Motion,
    ParticleSet,
    Picks,
    TiltAlignment,
    Tomogram,
)
from tasks.models.classes import ClassAverage, Classes2D, ClassScore, SelectedParticles
from tasks.models.maps import Class3D, Classes3D, InitialModel, Map, Refinement
from tasks.models.resolution import PostProcessed
from tasks.motion_correction import MotionCor3
from tasks.murfey import (
    BFactorFitMessage,
    SpaClass2D,
    SpaClass3D,
    SpaPreprocess,
    SpaRefine,
    TomoAlign,
    TomoPreprocess,
)
from tasks.particle_picking import Topaz

COLLECTION, TOMOGRAPHY = 6017406, 6017407
PREPROCESS, CLASS2D, CLASS3D, REFINE = 56986676, 56986678, 56986679, 56986680
TILTS, ALIGN = 56986681, 56986682
TAKEN = Path("/raw/GridSquare_1/Data/FoilHole_1_fractions.tiff")
TILT_MOVIES = [
    Path(f"/raw/Position_1_00{number}_{angle:.2f}_20261122_fractions.tiff")
    for number, angle in enumerate((-3, 0, 3), start=1)
]
MOVIES, SPECTRA = "/processed/MotionCorr/job002/Movies", "/processed/CtfFind"
MODEL = "/models/gmodel_phosnet_202005_N63_c17.h5"
TOMOGRAMS = Path("/processed/Tomograms/job006/tomograms")
MICROGRAPH = Micrograph(path=Path("/m.mrc"), pixel_size=0.84)


def spa_request(**changes: object) -> SpaPreprocess:
    """The request for a movie of single particles."""
    given = {
        "dcid": COLLECTION,
        "autoproc_program_id": PREPROCESS,
        "movie": str(TAKEN),
        "mrc_out": f"{MOVIES}/GridSquare_1/Data/FoilHole_1_fractions_motion_corrected.mrc",
        "pixel_size": 0.84,
        "image_number": 1,
        "mc_uuid": 101,
        "picker_uuid": 102,
        "foil_hole_id": 1,
        "session_id": 3,
    }
    return SpaPreprocess.model_validate(given | changes)


def tilt_request(number: int, **changes: object) -> TomoPreprocess:
    """The request for the movie of a tilt, counted from 1."""
    movie = TILT_MOVIES[number - 1]
    given = {
        "dcid": TOMOGRAPHY,
        "autoproc_program_id": TILTS,
        "movie": str(movie),
        "mrc_out": f"{MOVIES}/{movie.stem}_motion_corrected.mrc",
        "pixel_size": 0.84,
        "image_number": number,
        "mc_uuid": 500 + number,
    }
    return TomoPreprocess.model_validate(given | changes)


def align_request(**changes: object) -> TomoAlign:
    """The request for the tomogram of the tilts."""
    listed = [[f"{MOVIES}/{movie.stem}_motion_corrected.mrc", str(-3.0 + 3 * k)] for k, movie in enumerate(TILT_MOVIES)]
    given = {
        "dcid": TOMOGRAPHY,
        "appid": ALIGN,
        "input_file_list": str(listed),
        "stack_file": str(TOMOGRAMS / "Position_1_stack.mrc"),
        "pixel_size": 0.84,
        "search_map_id": 2,
        "x_location": "210",
        "y_location": 180.2,
    }
    return TomoAlign.model_validate(given | changes)


def class2d_request(**changes: object) -> SpaClass2D:
    """The request for the classes of a batch."""
    given = {
        "particles_file": "/processed/Select/job009/particles_split1.star",
        "class2d_dir": "/processed/Class2D/job013",
        "batch_is_complete": True,
        "class_uuids": {"0": 211, "1": 212},
        "class2d_grp_uuid": 201,
        "autoproc_program_id": CLASS2D,
    }
    return SpaClass2D.model_validate(given | changes)


def class3d_request(**changes: object) -> SpaClass3D:
    """The request for densities."""
    given = {
        "particles_file": "/processed/Select/job013/particles_batch_50000.star",
        "class3d_dir": "/processed/Class3D/job016",
        "class_uuids": {"1": 311, "2": 312},
        "class3d_grp_uuid": 301,
        "autoproc_program_id": CLASS3D,
    }
    return SpaClass3D.model_validate(given | changes)


def refine_request(**changes: object) -> SpaRefine:
    """The request for a refined density."""
    given = {
        "refine_job_dir": "/processed/Refine3D/job024",
        "class3d_dir": "/processed/Class3D/job016",
        "class_number": 2,
        "pixel_size": 0.84,
        "refined_grp_uuid": 401,
        "refined_class_uuid": 402,
        "symmetry_refined_grp_uuid": 403,
        "symmetry_refined_class_uuid": 404,
        "autoproc_program_id": REFINE,
    }
    return SpaRefine.model_validate(given | changes)


def fit_message(**changes: object) -> BFactorFitMessage:
    """What Murfey has fitted."""
    given = {"program_id": REFINE, "particle_classification_id": 402}
    return BFactorFitMessage.model_validate(
        given | {"bfactor_fit_intercept": "0.11", "bfactor_fit_linear": "0.02"} | changes
    )


def spa_movie() -> SpaMovie:
    """What was found of the movie."""
    corrected = f"{MOVIES}/GridSquare_1/Data/FoilHole_1_fractions"
    five = [figure / 10_000 - 1 for figure in (10212, 14210, 15331, 16511, 22012)]
    names = ("minimum", "first_quartile", "median", "third_quartile", "maximum")
    return SpaMovie(
        file=MovieFile(path=TAKEN),
        acquisition=Acquisition(pixel_size=0.84, dose_per_frame=1.25),
        corrector=MotionCor3(),
        estimator=Ctffind4(),
        picker=Topaz(model=MODEL),
        motion=motion(Path(f"{corrected}_motion_corrected.mrc"), 40, 27.72),
        ctf=ctf(12031.8, 160.5, angle=82.5, resolution=3.24, score=0.142, ice=0.87),
        ice=IceThickness(**dict(zip(names, five, strict=True)), reference=9, brightest=9, program="ice 1.0"),
        picks=Picks(
            micrograph=MICROGRAPH, coordinates=Path("/p.star"), count=321, diameter=17.6, threshold=0, program="topaz"
        ),
        pictures=ExposurePictures(
            micrograph=Path(f"{corrected}_motion_corrected.jpeg"),
            drift=Path(f"{corrected}_drift_plot.json"),
            spectrum=Path(f"{SPECTRA}/job006/Movies/GridSquare_1/Data/FoilHole_1_fractions_motion_corrected.jpeg"),
            picks=Path("/processed/AutoPick/job007/STAR/FoilHole_1_fractions_motion_corrected.jpeg"),
        ),
    )


def tilt(number: int) -> Exposure:
    """What was found of a tilt, counted from 1."""
    movie = TILT_MOVIES[number - 1]
    corrected = f"{MOVIES}/{movie.stem}"
    return Exposure(
        file=MovieFile(path=movie),
        acquisition=Acquisition(pixel_size=0.84, dose_per_frame=0.375),
        corrector=MotionCor3(patches=(1, 1)),
        estimator=Ctffind4(),
        motion=motion(Path(f"{corrected}_motion_corrected.mrc"), 8, 3.2),
        ctf=ctf(41000, 250, angle=12.5, resolution=6.1, score=0.08, ice=1.1),
        angle=3.0 * number - 6,
        pictures=ExposurePictures(
            micrograph=Path(f"{corrected}_motion_corrected.jpeg"),
            drift=Path(f"{corrected}_drift_plot.json"),
            spectrum=Path(f"{SPECTRA}/job003/Movies/{movie.stem}_motion_corrected.jpeg"),
        ),
    )


def motion(image: Path, frames: int, total: float) -> Motion:
    return Motion(
        micrograph=Micrograph(path=image, pixel_size=0.84),
        displacements=((0.0, 0.0),) * frames,
        early=total / 4,
        late=total * 3 / 4,
        metadata=image.with_suffix(".star"),
        program="MotionCor3 1.0.1",
    )


def ctf(defocus: float, astigmatism: float, *, angle: float, resolution: float, score: float, ice: float) -> Ctf:
    return Ctf(
        defocus_u=defocus + astigmatism / 2,
        defocus_v=defocus - astigmatism / 2,
        defocus_angle=angle,
        resolution=resolution,
        figure_of_merit=score,
        ice_ring=ice,
        diagnostic=Path("/ctf.png"),
        profile=Path("/ctf.csv"),
        program="CTFFIND 4.1.14",
    )


def series() -> FoundSeries:
    """What was found of the tilt series."""
    volume = TOMOGRAMS / "Position_1_stack_Vol.mrc"
    tomogram = Tomogram(path=volume, voxel_size=3.36, shape=(300, 1024, 1024), program="AreTomo3 2.1")
    denoised = Path("/processed/Denoise/job007/tomograms/Position_1_stack_Vol.denoised.mrc")
    stack = TOMOGRAMS / "Position_1_stack.mrc"
    return FoundSeries(
        movies={movie.stem: MovieFile(path=movie) for movie in TILT_MOVIES},
        ctfs={movie.stem: tilt(number).ctf for number, movie in enumerate(TILT_MOVIES, start=1)},
        alignment=Alignment(
            tilts=tuple(
                TiltAlignment(name=movie.stem, angle=angle, axis_angle=83.5, displacement=(1, 2), residual=residual)
                for movie, angle, residual in zip(TILT_MOVIES, (-2, 1, 4), (3.0, 5.0, 4.0), strict=True)
            ),
            tilt_axis_angle=83.5,
            score=0.52,
            residual=4.0,
            tilt_offset=1.0,
            thickness=252.0,
            transforms=TOMOGRAMS / "Position_1_stack.xf",
            program="AreTomo3 2.1",
        ),
        tomogram=tomogram,
        denoised=tomogram.model_copy(update={"path": denoised}),
        stack=stack,
        pictured=stack,
        pictures=SeriesPictures(
            central_slice=TOMOGRAMS / "Position_1_stack_Vol_thumbnail.jpeg",
            movie=TOMOGRAMS / "Position_1_stack_Vol_movie.png",
            shifts=TOMOGRAMS / "Position_1_stack_xy_shift_plot.json",
            from_above=TOMOGRAMS / "Position_1_stack_Vol_projXY.jpeg",
            from_side=TOMOGRAMS / "Position_1_stack_Vol_projXZ.jpeg",
            alignment=TOMOGRAMS / "Position_1_stack_alignment.jpeg",
        ),
    )


def particles(count: int, pixel_size: float) -> ParticleSet:
    return ParticleSet(star=Path("/p.star"), count=count, box_size=64, pixel_size=pixel_size, diameter=180)


def batch(picker: str | None = None) -> FoundBatch:
    """What was found of a batch."""
    run = Path("/processed/Class2D/job013")
    one = {"particles": 20000, "fraction": 0.4, "resolution": 7.5, "completeness": 0.99}
    accuracy = {"rotation_accuracy": 3.1, "translation_accuracy": 1.2}
    scores = tuple(ClassScore(number=n, score=0.5, selected=n == 1, reason="looks so") for n in (1, 2))
    return FoundBatch(
        number=1,
        classes=Classes2D(
            particles=particles(50000, 3.36),
            averages=run / "run_it020_classes.mrcs",
            model=run / "run_it020_model.star",
            optimiser=run / "run_it020_optimiser.star",
            classes=tuple(ClassAverage(number=n, **one, **accuracy) for n in (1, 2)),
            algorithm="vdam",
            program="RELION 5.0",
        ),
        selected=SelectedParticles(
            particles=particles(20000, 3.36), averages=None, scores=scores, threshold=0.4, program="RELION 5.0"
        ),
        pictures={n: run / f"run_it020_classes_{n}.jpeg" for n in (1, 2)},
        picker=Ref(row=picker) if picker else None,
    )


def densities(picker: str | None = None) -> FoundDensities:
    """What was found of particles in three dimensions."""
    run = Path("/processed/Class3D/job016")
    one = {"particles": 25000, "fraction": 0.5, "resolution": 9.1, "completeness": 1.0}
    accuracy = {"rotation_accuracy": 2.5, "translation_accuracy": 1.1}
    maps = [Map(path=run / f"run_it020_class00{n}.mrc", pixel_size=3.36, box_size=64) for n in (1, 2)]
    found = tuple(Class3D(number=n, map=maps[n - 1], **one, **accuracy) for n in (1, 2))
    first = Class3D(number=1, particles=30000, fraction=1, resolution=15.2, map=maps[0])
    return FoundDensities(
        classes=Classes3D(
            particles=particles(50000, 3.36),
            model=run / "run_it020_model.star",
            optimiser=run / "run_it020_optimiser.star",
            classes=found,
            best=2,
            why="most evidence",
            program="RELION 5.0",
        ),
        views={n: Viewing(efficiency=0.71, suggested_tilt=0.0) for n in (1, 2)},
        first=InitialModel(map=maps[0], classes=(first,), best=1, why="the only one", program="RELION 5.0"),
        picker=Ref(row=picker) if picker else None,
    )


def density(symmetry: str = "C1", picker: str | None = None) -> FoundDensity:
    """What was found of a refined density."""
    run, sharp = Path("/processed/Refine3D/job024"), Path("/processed/PostProcess/job027")
    return FoundDensity(
        refinement=Refinement(
            particles=particles(25000, 0.84),
            map=Map(path=run / "run_class001.mrc", pixel_size=0.84, box_size=256, symmetry=symmetry, resolution=4.1),
            model=run / "run_model.star",
            optimiser=run / "run_optimiser.star",
            rotation_accuracy=0.9,
            translation_accuracy=0.4,
            completeness=1.0,
            iterations=12,
            program="RELION 5.0",
        ),
        sharpened=PostProcessed(
            map=Map(path=sharp / "postprocess.mrc", pixel_size=0.84, box_size=256, symmetry=symmetry, resolution=3.4),
            masked=sharp / "postprocess_masked.mrc",
            mask=sharp / "mask.mrc",
            fsc=(),
            star=sharp / "postprocess.star",
            program="RELION 5.0",
        ),
        viewing=Viewing(efficiency=0.8, suggested_tilt=0.0),
        picker=Ref(row=picker) if picker else None,
    )
