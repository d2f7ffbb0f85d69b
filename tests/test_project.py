"""The shape of the project is a test too."""

import importlib
import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import flows
import tasks

ROOT = Path(__file__).parent.parent
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
PACKAGES = [name for _, name, is_package in pkgutil.walk_packages(tasks.__path__, "tasks.") if is_package]


def test_the_installed_packages_are_this_repository():
    assert Path(flows.__file__).parent == ROOT / "flows"
    assert Path(tasks.__file__).parent == ROOT / "tasks"


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_exist_and_are_sorted(name):
    package = importlib.import_module(name)
    public = getattr(package, "__all__", [])
    assert public == sorted(public)
    assert all(hasattr(package, item) for item in public)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_entrypoints_load_from_a_foreign_folder(deployment, tmp_path):
    code = (
        "from prefect.flows import load_flow_from_entrypoint as load;"
        f"print(load({deployment['entrypoint']!r}, use_placeholder_flow=False).name)"
    )
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == deployment["name"]


def test_deployments_have_only_keys_that_prefect_knows():
    known = {"name", "description", "entrypoint", "tags", "work_pool", "parameters", "triggers", "schedules"}
    known |= {"concurrency_limit", "version"}
    assert all(set(deployment) <= known for deployment in DEPLOYMENTS)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-pipeliner.lock", "requirements-murfey.lock"])
def test_every_locked_package_has_hashes(lock):
    lines = (ROOT / lock).read_text().replace("\\\n", "").splitlines()
    assert lines
    assert all("--hash=sha256:" in line for line in lines)


def test_direct_dependencies_are_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements.lock").read_text()
    names = [dependency.split(">")[0].split("=")[0] for dependency in project["dependencies"]]
    assert [name for name in names if f"\n{name}==" not in f"\n{locked}"] == []


def test_the_core_is_light():
    assert "\ntorch==" not in (ROOT / "requirements.lock").read_text()
