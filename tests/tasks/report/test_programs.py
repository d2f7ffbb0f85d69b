import pytest

from tasks.ledger import Ledger, Result, finish, open_ledger
from tasks.report.programs import programs_of


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path) -> Ledger:
    sqlite = request.param == "sqlite"
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db" if sqlite else request.getfixturevalue("empty_postgresql")())


def test_versions_of_a_program_are_told_apart_with_what_each_took(spa):
    for number, (version, seconds) in enumerate((("1.0", 10), ("1.0", 30), ("2.0", 5))):
        result = Result(step="ctf_estimation", digest="d", result={}, tool=f"ctf {version}", seconds=seconds)
        finish(spa.ledger, spa.take("movie", str(number)), [result])
    spa.done("b_factor", "all", {"particles_20": spa.session})
    spa.done("extraction", "0", {"particle_extraction": spa.session})
    found = [(one.step, one.program, one.count, one.seconds, one.longest) for one in programs_of(spa.ledger, "spa")]
    assert found == [
        ("ctf_estimation", "ctf 1.0", 2, 40, 30),
        ("ctf_estimation", "ctf 2.0", 1, 5, 5),
        ("particle_extraction", "test", 1, 10, 10),
        ("particles_20", "test", 1, 10, 10),
    ]
