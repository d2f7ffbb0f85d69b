from pathlib import Path

from found_of_particles import particle_set, particles

from flows.murfey.naming import file_for_density, file_of_batch
from flows.spa_extract import particle_file
from tasks.formats.star import read_table
from tasks.ledger import Arrival, Claimer, Ledger, Result, Session, arrive, claim, finish, open_session
from tasks.models.classes import SelectedParticles

STAR = """data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
opticsGroup1 1

data_particles

loop_
_rlnImageName #1
_rlnOpticsGroup #2
{rows}
"""


def star(path: Path, count: int) -> Path:
    path.write_text(STAR.format(rows="\n".join(f"{number:06d}@{path.stem}.mrcs 1" for number in range(1, count + 1))))
    return path


def done(ledger: Ledger, kind: str, key: str, step: str, found) -> None:
    arrive(ledger, [Arrival(session="cm1", kind=kind, key=key)])
    (lease,) = claim(ledger, Claimer(owner="worker", kinds=(kind,)))
    result = Result(step=step, digest="x", result=found.model_dump(mode="json"), tool="made up")
    finish(ledger, lease, [result])


def written(ledger: Ledger, key: str, **payload) -> list[Result]:
    arrive(ledger, [Arrival(session="cm1", kind="particle_file", key=key, payload=payload)])
    (lease,) = claim(ledger, Claimer(owner="worker", kinds=("particle_file",)))
    return list(particle_file(ledger, lease))


def test_particles_of_micrographs_are_in_the_file_of_their_batch(ledger, tmp_path):
    open_session(ledger, Session(name="cm1", kind="spa", folder=tmp_path))
    for name in "ab":
        cut = particles(2).model_copy(update={"star": star(tmp_path / f"{name}.star", 2)})
        done(ledger, "extraction", name, "particle_extraction", cut)
    (result,) = written(ledger, "2d/1", micrographs=["a", "b"])
    assert (result.step, result.result["count"]) == ("particle_file", 4)
    assert len(read_table(file_of_batch(tmp_path, "1"), "particles")) == 4
    (grown,) = written(ledger, "2d/1", micrographs=["a"])
    assert grown.result["star"] == result.result["star"], "a batch has one file"
    assert written(ledger, "2d/2", micrographs=[]) == []


def test_good_particles_of_batches_are_in_the_file_for_a_density(ledger, tmp_path):
    open_session(ledger, Session(name="cm1", kind="spa", folder=tmp_path))
    for number in "12":
        good = particle_set(3).model_copy(update={"star": star(tmp_path / f"{number}.star", 3)})
        kept = SelectedParticles(particles=good, averages=None, scores=(), threshold=0.5, program="made up")
        done(ledger, "particle_batch", number, "class_selection", kept)
    written(ledger, "3d/all", batches=["1", "2"])
    assert len(read_table(file_for_density(tmp_path, "all"), "particles")) == 6
