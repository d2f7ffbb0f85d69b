from pathlib import Path

import pytest

from flows.doctor import machine
from flows.doctor.main_job import check as check_main_job

GPUS = "0, NVIDIA H100 80GB HBM3, 81559, 1024, 550.54.15\n1, NVIDIA RTX A6000, 49140, 4, 550.54.15\n"


@pytest.fixture
def bare(tmp_path, monkeypatch) -> Path:
    """A machine without programs; return the folder where they would be."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return folder


def answering(folder: Path, name: str, said: str, status: int = 0) -> None:
    (folder / f"{name}.txt").write_text(said)
    (folder / name).write_text(
        f'#!/bin/sh\nwhile read -r line; do echo "$line"; done <{folder}/{name}.txt\nexit {status}\n'
    )
    (folder / name).chmod(0o755)


def test_gpus_are_listed_with_memory_and_driver(bare, monkeypatch):
    answering(bare, "nvidia-smi", GPUS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    first, second = machine.check_gpus()
    assert (first.name, first.state) == ("GPU 0", "ok")
    assert first.found == "NVIDIA H100 80GB HBM3, 80 GiB of memory, 1.0 used, driver 550.54.15"
    assert second.found.endswith("driver 550.54.15; hidden by CUDA_VISIBLE_DEVICES=0")


def test_a_machine_without_gpu_is_no_fault(bare):
    (finding,) = machine.check_gpus()
    assert finding.state == "missing"
    assert "the embedded tools compute on the processor" in finding.advice


def test_gpus_that_are_asked_for_and_not_there_are_a_fault(bare, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_RUNNER", "dask")
    monkeypatch.setenv("CRYOEM_FLOWS_GPUS", "all")
    (finding,) = machine.check_gpus()
    assert finding.state == "broken"
    assert "CRYOEM_FLOWS_GPUS=all" in finding.advice


def test_a_driver_that_does_not_answer_is_a_fault_and_its_words_are_said(bare):
    answering(bare, "nvidia-smi", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", 9)
    (finding,) = machine.check_gpus()
    assert finding.state == "broken"
    assert "couldn't communicate with the NVIDIA driver" in finding.found


def test_a_library_that_is_not_installed_is_missing_and_one_that_sees_no_gpu_is_not_ok(bare):
    for finding in machine.check_libraries():
        assert finding.state == "missing" or "sees" in finding.found


def test_places_without_space_or_right_are_broken(tmp_path, small_disk, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRYOEM_FLOWS_LEDGER", f"sqlite:///{tmp_path}/not/yet/ledger.db")
    found = {finding.name: finding for finding in machine.check_disks(small_disk)}
    assert found["results"].state == "broken"
    assert found["results"].found == f"{small_disk}: only 0.0 GiB free"
    assert found["ledger"].state == "ok", "it will be made"
    assert found["temporary files"].found.endswith("free")


def test_packages_are_those_that_debian_knows(bare):
    assert [finding.state for finding in machine.check_packages()] == ["missing"]
    (bare / "dpkg-query").write_text('#!/bin/sh\n[ "$4" = relion ] && echo "ii  3.1.3-3" || exit 1\n')
    (bare / "dpkg-query").chmod(0o755)
    found = {finding.name: finding for finding in machine.check_packages()}
    assert (found["relion"].state, found["relion"].found) == ("ok", "3.1.3-3 (RELION)")
    assert found["postgresql"].state == "missing"
    assert found["postgresql"].advice == "apt-get install postgresql"


def test_the_embedded_tools_work_on_a_bare_machine():
    (finding,) = check_main_job()
    assert finding.state == "ok"
    assert "corrected a simulated movie" in finding.found
