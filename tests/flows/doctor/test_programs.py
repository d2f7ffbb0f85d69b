from pathlib import Path

import pytest
from relion_runs import needs_relion, stand_in

from flows.doctor import programs
from flows.doctor.findings import Finding
from flows.doctor.members import programs as wanted
from flows.doctor.telling import is_well

RELION = ("relion_refine", "relion_autopick", "relion_postprocess", "relion_mask_create", "relion_align_symmetry")


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch) -> Path:
    """A machine that has no program; return the folder where they would be."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CRYOEM_FLOWS_PROGRAMS", raising=False)
    return folder


def found() -> dict[str, Finding]:
    return {finding.name: finding for finding in programs.check()}


def test_every_program_of_every_step_is_looked_for():
    names = {program.name for program in wanted()}
    assert {"MotionCor3", "ctffind", "relion_autopick", "AreTomo3", "topaz", *RELION} <= names
    assert len(names) == len(wanted())
    uses = {program.name: list(program.uses) for program in wanted()}
    assert {"aligner.tool=aretomo3", "reconstructor.tool=aretomo3"} <= set(uses["AreTomo3"])
    assert {"picker.tool=topaz", "denoiser.tool=topaz"} <= set(uses["topaz"])


def test_on_a_bare_machine_all_are_missing_and_nothing_is_broken():
    # Topaz may be installed beside this Python.
    states = {name: finding.state for name, finding in found().items() if name != "topaz"}
    assert set(states.values()) == {"missing"}
    assert is_well(list(found().values()))
    assert all(finding.advice for finding in found().values() if finding.state == "missing")


def test_what_is_missing_is_said_with_where_it_is_to_be_had_and_what_for():
    motion, refine = found()["MotionCor3"], found()["relion_refine"]
    assert "motion_corrector.tool=motioncor3" in motion.found
    assert "github.com/czimaginginstitute/MotionCor3" in motion.advice
    assert "without it no 2D and 3D classes" in refine.found
    assert "apt-get install relion" in refine.advice


def test_relion_and_topaz_are_found_where_the_site_has_them(tmp_path, bare, monkeypatch):
    for name in RELION:
        stand_in(bare / name, "5.0.1")
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'topaz 0.3.20'\n")
    python.chmod(0o755)
    (tmp_path / "programs.yaml").write_text(f"programs:\n  topaz: {{path: {python}}}\n")
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "programs.yaml"))
    every = found()
    assert {name: every[name].state for name in (*RELION, "topaz")} == dict.fromkeys((*RELION, "topaz"), "ok")
    assert every["relion_refine"].found.startswith(f"RELION 5.0.1, {bare}/relion_refine")
    assert every["topaz"].found.startswith(f"Topaz 0.3.20, {python} (path {python})")
    assert every["AreTomo3"].state == "missing"
    assert is_well(list(every.values()))


@needs_relion
def test_the_relion_that_is_installed_says_its_version(monkeypatch):
    monkeypatch.undo()
    assert found()["relion_refine"].found.startswith("RELION 3.1.3, /usr/bin/relion_refine")


def test_a_program_that_the_site_names_but_that_is_not_there_is_broken(tmp_path, monkeypatch):
    (tmp_path / "programs.yaml").write_text("programs:\n  AreTomo3: {path: /opt/none/AreTomo3}\n")
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "programs.yaml"))
    finding = found()["AreTomo3"]
    assert finding.state == "broken"
    assert "AreTomo3 was not found" in finding.found
    assert str(tmp_path / "programs.yaml") in finding.advice
    assert not is_well(list(found().values()))


def test_a_program_that_is_there_but_does_not_start_is_broken(bare):
    program = bare / "AreTomo3"
    program.write_text("#!/bin/sh\necho 'error while loading shared libraries: libcufft.so.11' >&2\nexit 127\n")
    program.chmod(0o755)
    finding = found()["AreTomo3"]
    assert finding.state == "broken"
    assert "libcufft.so.11" in finding.found
    assert str(program) in finding.advice


def test_a_program_is_not_taken_for_another_of_its_package(bare):
    stand_in(bare / "relion_postprocess", "5.0.1")
    every = found()
    assert every["relion_postprocess"].state == "ok"
    assert every["relion_mask_create"].state == "missing"


def test_a_name_in_the_file_that_no_tool_uses_is_pointed_out(tmp_path, monkeypatch):
    (tmp_path / "programs.yaml").write_text("programs:\n  Aretomo3: {path: /opt/AreTomo3}\n")
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "programs.yaml"))
    assert "no tool starts it by this name" in found()["Aretomo3"].found
