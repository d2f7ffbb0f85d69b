import pytest

from flows.hardware import numbers
from tasks.errors import CommandError


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Put an nvidia-smi on the search path that shows so many GPUs."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def show(count: int) -> None:
        lines = "".join(f"echo {number}\n" for number in range(count))
        path = tmp_path / "nvidia-smi"
        path.write_text(f'#!/bin/sh\n[ "$*" = "--query-gpu=index --format=csv,noheader" ] || exit 6\n{lines}')
        path.chmod(0o755)

    return show


def test_all_gpus_are_those_that_the_driver_shows(nvidia_smi):
    nvidia_smi(3)
    assert numbers("all") == ["0", "1", "2"]


def test_all_gpus_are_no_more_than_this_process_may_see(nvidia_smi, monkeypatch):
    nvidia_smi(3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    assert numbers("all") == ["2", "0"]


def test_named_gpus_are_taken_as_they_are():
    assert numbers("0,1,3") == ["0", "1", "3"]


def test_a_host_without_gpus_is_told(nvidia_smi):
    nvidia_smi(0)
    with pytest.raises(CommandError, match="there is no GPU"):
        numbers("all")


def test_a_host_without_a_driver_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(CommandError, match="nvidia-smi was not found"):
        numbers("all")
