import sys
from pathlib import Path

import pytest

from tasks.command import run
from tasks.errors import CommandError
from tasks.topaz import start, topaz_version


def test_topaz_runs_in_our_python_unless_another_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert start("python")[0] == sys.executable
    assert start("/opt/topaz/bin/python")[0] == "/opt/topaz/bin/python"


def test_a_site_says_by_the_name_of_topaz_which_environment_has_it(tmp_path, monkeypatch):
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "topaz 0.3.20 in $CONDA_PREFIX: $1"\n')
    python.chmod(0o755)
    (tmp_path / "programs.yaml").write_text(f"programs:\n  topaz: {{conda: {tmp_path}/env}}\n")
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "programs.yaml"))
    words = start("python")
    assert run(words, cwd=tmp_path) == f"topaz 0.3.20 in {tmp_path}/env: {words[1]}\n"
    assert Path(words[1]).is_file()


def test_a_python_without_topaz_says_so_when_it_is_asked_for_the_version(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(CommandError, match=r"Topaz is not installed in .*pip install 'cryoem-flows\[topaz\]'"):
        topaz_version(str(bare))


def test_the_version_is_asked_without_starting_topaz(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("topaz", "torch"):
        (tmp_path / f"{name}.py").write_text("__version__ = '0.3.20'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert topaz_version(sys.executable) == "Topaz 0.3.20"
