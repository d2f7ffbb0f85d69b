from stand_ins import installing
from stand_ins.installing import calls, install

from tasks.command import run

SOURCE = '''"""A stand-in that notes and says what it was asked."""

import sys

from stand_ins.installing import record

from tasks.errors import InputError

record(sys.argv[1:])
print(*sys.argv[1:], InputError.__name__)
'''


def test_an_installed_stand_in_runs_anywhere_and_notes_what_it_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(installing, "SOURCES", tmp_path)
    (tmp_path / "echo.py").write_text(SOURCE)
    program = install("echo", tmp_path / "bin", "Echo2")
    assert program == tmp_path / "bin" / "Echo2"
    assert calls(program) == []
    assert run([str(program), "-In", "a b"], cwd=tmp_path).split() == ["-In", "a", "b", "InputError"]
    run([str(program)], cwd=tmp_path)
    assert calls(program) == [["-In", "a b"], []]
