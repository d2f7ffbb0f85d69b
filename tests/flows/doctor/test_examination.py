import json
import os
import subprocess
import sys
import time
from pathlib import Path

import typer

from flows.doctor.examination import checks, examine
from flows.doctor.findings import Finding
from flows.doctor.telling import is_well, told
from tasks.errors import InputError

FOUND = [
    Finding(part="programs", name="AreTomo3", state="missing", found="not in PATH", advice="get it"),
    Finding(part="programs", name="relion_refine", state="ok", found="RELION 5.0.1, /usr/bin/relion_refine"),
    Finding(part="ledger", name="clock", state="broken", found="fast " * 40, advice="timedatectl set-ntp true"),
]


def test_who_does_not_answer_holds_up_nobody():
    def slow() -> list[Finding]:
        time.sleep(60)
        return []

    begun = time.monotonic()
    first, second = examine({"slow": slow, "quick": lambda: FOUND[:1]}, patience=0.5)
    assert time.monotonic() - begun < 5
    assert (first.state, first.found) == ("broken", "no answer within 0.5 s")
    assert second == FOUND[0]


def test_a_setting_that_cannot_be_used_is_a_finding():
    def wrong() -> list[Finding]:
        raise InputError("CRYOEM_FLOWS_GPUS", "'x'", "all, or numbers")

    (finding,) = examine({"settings": wrong})
    assert finding.state == "broken"
    assert finding.found == "CRYOEM_FLOWS_GPUS: 'x'; expected all, or numbers"


def test_lines_are_in_columns_with_what_to_do_below_and_without_colours_in_a_file(capsys):
    for line in told(FOUND, width=100):
        typer.echo(line)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:4] == [
        "programs",
        "  missing  AreTomo3       not in PATH  -> get it",
        "  ok       relion_refine  RELION 5.0.1, /usr/bin/relion_refine",
    ]
    assert lines[5] == "ledger"
    assert lines[6].startswith("  broken   clock          fast fast")
    assert all(len(line) <= 100 for line in lines)
    assert "-> timedatectl set-ntp true" in [line.strip() for line in lines]
    assert lines[-2:] == ["1 broken: ledger: clock.", "1 missing: only needed by those who want them."]


def test_what_is_missing_is_no_fault_and_what_is_broken_is():
    assert is_well(FOUND[:2])
    assert not is_well(FOUND)


def test_a_bare_machine_gets_a_whole_answer_and_status_0(tmp_path):
    bare = {"PATH": str(tmp_path), "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect")}
    keep = {name: value for name, value in os.environ.items() if name.startswith(("LANG", "OMP_", "OPENBLAS_"))}
    command = [sys.executable, "-m", "flows", "doctor", "--json"]
    root = str(Path(__file__).parents[3])
    ran = subprocess.run(
        command, cwd=tmp_path, env={**keep, **bare, "PYTHONPATH": root}, capture_output=True, text=True, check=False
    )
    said = json.loads(ran.stdout)
    states = {finding["part"]: finding["state"] for finding in said["findings"]}
    assert ran.returncode == 0, ran.stdout
    assert list(dict.fromkeys(finding["part"] for finding in said["findings"])) == list(checks(tmp_path))
    assert "broken" not in states.values()
    assert states["embedded tools"] == "ok"
    assert {finding["state"] for finding in said["findings"] if finding["part"] == "programs"} <= {"missing", "ok"}
    assert said["host"]
    assert not (tmp_path / ".cryoem-flows").exists(), "looking makes no ledger"
