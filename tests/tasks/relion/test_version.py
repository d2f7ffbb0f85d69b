import os

import pytest
from relion_runs import needs_relion, stand_in

from tasks.errors import CommandError, InputError
from tasks.relion.version import GRADIENT, RelionVersion, read_version, relion_version


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("RELION version: 3.1.3 \nPrecision: BASE=double\n", RelionVersion(3, 1, 3)),
        ("RELION version: 4.0-beta-2-commit-ec417f \nPrecision: BASE=double, CUDA-ACC=single \n", RelionVersion(4)),
        ("RELION version: 5.0.1-commit-90d239 \nPrecision: BASE=double, CUDA-ACC=single \n", RelionVersion(5, 0, 1)),
    ],
)
def test_reads_the_version(answer, version):
    assert read_version(answer) == version


def test_says_what_it_found_instead_of_a_version():
    with pytest.raises(CommandError, match="Segmentation fault"):
        read_version("Segmentation fault")


@needs_relion
def test_asks_the_installed_program():
    assert relion_version("relion_refine") >= RelionVersion(3, 1)


def test_asks_each_program_once(tmp_path):
    program = stand_in(tmp_path / "relion_refine", "5.0.0")
    program.write_text(
        program.read_text().replace("import sys", f"open('{tmp_path}/asked', 'a').write('x')\nimport sys", 1)
    )
    assert [relion_version(str(program)).major for _ in range(3)] == [5, 5, 5]
    assert (tmp_path / "asked").read_text() == "x"


def test_a_missing_program_is_named():
    with pytest.raises(CommandError, match="relion_that_is_not_there was not found"):
        relion_version("relion_that_is_not_there")


def test_asks_the_program_of_the_module_that_the_site_names_and_again_when_it_names_another(tmp_path, monkeypatch):
    for version in ("4.0.1", "5.0.0"):
        (tmp_path / version).mkdir()
        stand_in(tmp_path / version / "relion_refine", version)
    (tmp_path / "profile").write_text(f'module() {{ export PATH="{tmp_path}/$2:$PATH"; }}\n')
    file = tmp_path / "programs.yaml"
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(file))
    for version in ("4.0.1", "5.0.0"):
        relion = f"{{names: ['relion_*'], modules: [{version}]}}"
        file.write_text(f"module_init: {tmp_path}/profile\nprograms:\n  relion: {relion}\n")
        os.utime(file, (1, float(version[0])))
        assert relion_version("relion_refine").program == f"RELION {version}"


def test_says_which_version_a_feature_needs():
    with pytest.raises(InputError, match=r"algorithm vdam: RELION 3\.1\.3; expected RELION 4\.0 or later, or"):
        RelionVersion(3, 1, 3).require(GRADIENT, "algorithm vdam", "algorithm em")


def test_refuses_versions_without_optics_groups(tmp_path):
    with pytest.raises(InputError, match=r"RELION 3\.0\.8; expected RELION 3\.1 or later"):
        relion_version(str(stand_in(tmp_path / "relion_refine", "3.0.8")))
