"""What is told to ISPyB in tests, with the values that a facility's own programs would write."""

from datetime import UTC, datetime

from mariadb_server import Collection

from tasks.ispyb import Ref, Row

RAW = "/dls/m08/data/2026/cm12345-1/raw"
TAKEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def micrograph(collection: Collection, number: int = 1, defocus: float = 12031.85, **movie: object) -> list[Row]:
    """The five rows of a micrograph, of which Murfey has numbered two."""
    program, path = collection.program, f"{RAW}/GridSquare_1/Data/FoilHole_{number}_fractions.tiff"
    taken = {"createdTimeStamp": TAKEN, "movieNumber": number, "foilHoleId": collection.foil_hole}
    frames = {"firstFrame": 1, "lastFrame": 40, "patchesUsedX": 5, "patchesUsedY": 5}
    motion = {"imageNumber": number, "dosePerFrame": 1.25, "totalMotion": 27.72, "averageMotionPerFrame": 0.768}
    ctf = {"boxSizeX": 512, "estimatedDefocus": defocus, "astigmatism": 160.5, "ccValue": 0.142}
    of = Ref(row="motion")
    return [
        Row(
            table="Movie",
            name="movie",
            key={"dataCollectionId": collection.id, "movieFullPath": path},
            values=taken | movie,
            program=program,
        ),
        Row(
            table="MotionCorrection",
            name="motion",
            key={"autoProcProgramId": program, "movieId": Ref(row="movie")},
            values=frames | motion | {"dataCollectionId": collection.id, "micrographFullPath": f"{path}.mrc"},
            program=program,
            uuid=2 * number,
        ),
        Row(
            table="CTF",
            name="ctf",
            key={"autoProcProgramId": program, "motionCorrectionId": of},
            values=ctf,
            program=program,
        ),
        Row(
            table="RelativeIceThickness",
            name="ice",
            key={"autoProcProgramId": program, "motionCorrectionId": of},
            values={"minimum": 5000.5, "q1": 9000, "median": 10000.25, "q3": 11000, "maximum": 12000},
            program=program,
        ),
        Row(
            table="ParticlePicker",
            name="picker",
            key={"programId": program, "firstMotionCorrectionId": of},
            values={"particleDiameter": 17.6, "numberOfParticles": 321, "particlePickingTemplate": "blobs"},
            program=program,
            uuid=2 * number + 1,
        ),
    ]


def classes(collection: Collection, number: int = 2, resolution: float = 15.2) -> list[Row]:
    """A 3D classification of some classes with the initial model that it began with."""
    program = collection.program
    group = Row(
        table="ParticleClassificationGroup",
        name="group",
        key={"programId": program, "type": "3D", "batchNumber": 1},
        values={"numberOfParticlesPerBatch": 50000, "numberOfClassesPerBatch": number, "symmetry": "C1"},
        program=program,
        uuid=301,
    )
    found = [
        Row(
            table="ParticleClassification",
            name=f"class {each}",
            key={"particleClassificationGroupId": Ref(row="group"), "classNumber": each},
            values={"estimatedResolution": 8.5, "classDistribution": 0.5, "selected": each == 1},
            program=program,
            uuid=310 + each,
        )
        for each in range(1, number + 1)
    ]
    model = Row(
        table="CryoemInitialModel",
        name="model",
        key={"particleClassificationId": Ref(row="class 1")},
        values={"resolution": resolution, "numberOfParticles": 30000},
        program=program,
    )
    links = [
        Row(
            table="ParticleClassification_has_CryoemInitialModel",
            name=f"link {each}",
            key={"particleClassificationId": Ref(row=f"class {each}"), "cryoemInitialModelId": Ref(row="model")},
            program=program,
        )
        for each in range(1, number + 1)
    ]
    return [group, *found, model, *links]


def tomogram(collection: Collection, angle: float = -2.0, features: tuple[str, ...] = ("Membrane",)) -> list[Row]:
    """A tomogram with one tilt and what was made of it."""
    program = collection.program
    movie = Row(
        table="Movie",
        name="movie",
        key={"dataCollectionId": collection.id, "movieFullPath": f"{RAW}/Position_1_001_-3.00_fractions.tiff"},
        program=program,
    )
    volume = Row(
        table="Tomogram",
        name="tomogram",
        key={"autoProcProgramId": program, "dataCollectionId": collection.id},
        values={"volumeFile": "Position_1_stack_Vol.mrc", "sizeX": 1024, "thickness": 25.2, "pixelSpacing": 3.36},
        program=program,
    )
    tilt = Row(
        table="TiltImageAlignment",
        name="tilt",
        key={"movieId": Ref(row="movie"), "tomogramId": Ref(row="tomogram")},
        values={"refinedTiltAngle": angle, "refinedTiltAxis": 83.5},
        program=program,
    )
    kinds = [("Denoised", None), ("Segmented", None), *(("Feature", feature) for feature in features)]
    processed = [
        Row(
            table="ProcessedTomogram",
            name=f"{kind} {feature}",
            key={"tomogramId": Ref(row="tomogram"), "processingType": kind, "feature": feature},
            values={"filePath": f"/processed/{kind}_{feature}.mrc"},
            program=program,
        )
        for kind, feature in kinds
    ]
    return [movie, volume, tilt, *processed]
