"""A real ledger, and results that steps might have found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.ledger import (
    Arrival,
    Claimer,
    Failure,
    Lease,
    Ledger,
    Result,
    Session,
    arrive,
    claim,
    fail,
    finish,
    open_ledger,
    open_session,
)
from tasks.models import (
    Alignment,
    Ctf,
    Exclusion,
    IceThickness,
    Micrograph,
    Model,
    Motion,
    Particles,
    ParticleSet,
    Picks,
    TiltAlignment,
    Tomogram,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db")


@pytest.fixture
def session(ledger: Ledger, tmp_path: Path) -> Session:
    return open_session(ledger, Session(name="cm1", kind="tomography", folder=tmp_path / "cm1"))


@pytest.fixture
def spa(ledger: Ledger, tmp_path: Path) -> "Grid":
    """A session of single particles."""
    return Grid(ledger, open_session(ledger, Session(name="spa", kind="spa", folder=tmp_path / "spa")))


class Grid:
    """A session in which things arrive, are found and fail."""

    def __init__(self, ledger: Ledger, session: Session) -> None:
        self.ledger, self.session = ledger, session

    def take(self, kind: str, key: str, **payload: object) -> Lease:
        arrive(self.ledger, [Arrival(session=self.session.name, kind=kind, key=key, payload=payload)])
        (lease,) = claim(self.ledger, Claimer(owner="gpu1", kinds=(kind,), session=self.session.name))
        return lease

    def done(self, kind: str, key: str, found: dict[str, Model], **payload: object) -> None:
        results = [
            Result(step=step, digest="d", result=value.model_dump(mode="json"), tool="test", seconds=10)
            for step, value in found.items()
        ]
        finish(self.ledger, self.take(kind, key, **payload), results)

    def lost(self, kind: str, key: str, reason: str, log: Path | None = None, **payload: object) -> None:
        lease = self.take(kind, key, **payload)
        fail(self.ledger, lease, Failure(kind="bad-data", reason=reason, log=log))


@pytest.fixture
def grid(ledger: Ledger, session: Session) -> Grid:
    return Grid(ledger, session)


@pytest.fixture
def motion() -> Callable[..., Motion]:
    def make(early: float = 3.0, late: float = 4.0) -> Motion:
        return Motion(
            micrograph=Micrograph(path=Path("a.mrc"), pixel_size=2),
            displacements=((0, 0), (3, 4)),
            early=early,
            late=late,
            metadata=Path("a.star"),
            program="test",
        )

    return make


@pytest.fixture
def ctf() -> Callable[..., Ctf]:
    def make(defocus: float = 30_000, resolution: float = 8.0) -> Ctf:
        return Ctf(
            defocus_u=defocus + 200,
            defocus_v=defocus - 200,
            defocus_angle=10,
            resolution=resolution,
            figure_of_merit=0.5,
            ice_ring=0.1,
            diagnostic=Path("a.png"),
            profile=Path("a.csv"),
            program="test",
        )

    return make


@pytest.fixture
def alignment() -> Alignment:
    """Two tilts are used, one is not."""
    return Alignment(
        tilts=(
            TiltAlignment(name="t_1", angle=-3.1, axis_angle=85, displacement=(10, -30)),
            TiltAlignment(name="t_2", angle=0.2, axis_angle=85, displacement=(0, 0)),
        ),
        excluded=(Exclusion(name="t_3", reason="blank"),),
        tilt_axis_angle=85.25,
        score=0.9,
        residual=12.34,
        tilt_offset=-7.5,
        thickness=1530,
        transforms=Path("a.xf"),
        program="test 1.0",
    )


@pytest.fixture
def tomogram(tmp_path: Path) -> Callable[..., Tomogram]:
    def make(name: str = "tomogram.mrc") -> Tomogram:
        return Tomogram(
            path=tmp_path / "cm1" / name, voxel_size=12, shape=(8, 16, 20), resolution=45.67, program="test 2.0"
        )

    return make


@pytest.fixture
def ice() -> Callable[..., IceThickness]:
    def make(median: float = 0.2, brightest: float = 20.0, reference: float | None = None) -> IceThickness:
        return IceThickness(
            minimum=0,
            first_quartile=median / 2,
            median=median,
            third_quartile=median,
            maximum=2 * median,
            reference=reference or brightest,
            brightest=brightest,
            program="test",
        )

    return make


@pytest.fixture
def picks() -> Callable[..., Picks]:
    def make(count: int, diameter: float = 130.0, excluded: float = 0.0) -> Picks:
        return Picks(
            micrograph=Micrograph(path=Path("a.mrc"), pixel_size=2),
            coordinates=Path("a.star"),
            count=count,
            excluded=excluded,
            diameter=diameter,
            threshold=0.5,
            program="test 3.0",
            diagnostic=Path("picks.jpeg"),
        )

    return make


@pytest.fixture
def particles() -> Callable[..., Particles]:
    def make(count: int, left_out: int = 0) -> Particles:
        return Particles(
            micrograph=Micrograph(path=Path("a.mrc"), pixel_size=2),
            stack=Path("a.mrcs"),
            star=Path("a.star"),
            count=count,
            left_out=left_out,
            box_size=64,
            pixel_size=2,
            diameter=130,
            program="test",
        )

    return make


@pytest.fixture
def some() -> Callable[[int], ParticleSet]:
    """So many particles together."""

    def make(count: int) -> ParticleSet:
        return ParticleSet(star=Path("a.star"), count=count, box_size=64, pixel_size=2, diameter=130)

    return make
