"""The field's programs: which are there, where, and in which version."""

import sys
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

from flows.doctor.findings import Finding, State
from flows.doctor.members import Program, programs
from tasks.command import find
from tasks.errors import CommandError, CryoemError
from tasks.programs import Environment, entry, of_site
from tasks.settings import site

SETTINGS = "settings"
PART = "programs"
_SETTING = "CRYOEM_FLOWS_PROGRAMS"
_AT_ONCE = 8
# Where programs are to be had that no package manager installs; by the beginning of their names.
_SOURCES = {
    "relion": "RELION: apt-get install relion, or https://relion.readthedocs.io",
    "MotionCor2": "https://emcore.ucsf.edu/ucsf-software (free for academic use only)",
    "MotionCor3": "https://github.com/czimaginginstitute/MotionCor3 (BSD)",
    "AreTomo3": "https://github.com/czimaginginstitute/AreTomo3 (BSD)",
    "AreTomo2": "https://github.com/czimaginginstitute/AreTomo2 (BSD)",
    "ctffind": "https://cistem.org",
    "cryolo": "https://cryolo.readthedocs.io, in an environment of its own (free for academic use only)",
    "topaz": "Topaz: pip install 'cryoem-flows[topaz]', or a Python that has it (GPL)",
    "cryoCARE": "cryoCARE: pip install cryoCARE, in an environment of its own (BSD)",
    "membrain": "https://github.com/teamtomo/membrain-seg, in an environment of its own, with its weights",
    "easymode": "https://github.com/mgflast/easymode, in an environment of its own",
    "ib_": "IceBreaker: pip install icebreaker-em (BSD)",
    **dict.fromkeys(("batchruntomo", "tilt", "newstack", "clip"), "IMOD: https://bio3d.colorado.edu/imod (GPL)"),
}
_ELSEWHERE = "docs/steps says where it is to be had"


def check_settings() -> list[Finding]:
    """Look whether the settings can be used."""
    settings = site()
    changed = ", ".join(sorted(settings.model_fields_set - {"command_timeout"}))
    said = f"set: {changed}" if changed else "all as they are by default"
    found = [Finding(part=SETTINGS, name="environment and .env", state="ok", found=said)]
    count = len(of_site().programs)
    if settings.programs:
        found.append(Finding(part=SETTINGS, name=_SETTING, state="ok", found=f"{settings.programs}: {count} entries"))
    return found


def check() -> list[Finding]:
    """Look for all programs at once."""
    wanted = programs()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(_examined, wanted))
    return found + _others(wanted)


def _examined(program: Program) -> Finding:
    """Find a program and ask for its version."""
    environment = entry(program.name)
    try:
        said = _version(program)
        where = _where(program)
    except CryoemError as error:
        return _failed(program, environment, error)
    return _finding(program, "ok", f"{said or 'not asked for its version'}, {where}{_how(environment)}")


def _version(program: Program) -> str:
    """Return what a program says of itself; nothing if no member asks it."""
    for member in program.members:
        # Other fields are of no interest, and may have no default.
        tool = member.model_construct()
        if getattr(tool, "executable", None) in {program.name, "python"} and callable(getattr(tool, "version", None)):
            return str(tool.version())  # type: ignore[attr-defined]
    if program.is_module:
        raise CommandError(f"nothing tells whether {program.name} is there")
    return ""


def _where(program: Program) -> str:
    """Return where a program is; one that is a module of our own Python is there."""
    found = find(program.name) or (sys.executable if program.is_module else None)
    if found is None:
        raise CommandError(f"{program.name} was not found")
    return found


def _failed(program: Program, environment: Environment | None, error: CryoemError) -> Finding:
    """Tell a program that is not there from one that does not work, or is not where the site says."""
    reason = " ".join(str(error).split())[:300]
    if environment is not None:
        advice = f"mend its entry in {site().programs}, or what the entry names"
        return _finding(program, "broken", f"{reason}{_how(environment)}", advice)
    if program.is_module or find(program.name) is None:
        advice = next((source for name, source in _SOURCES.items() if program.name.startswith(name)), _ELSEWHERE)
        return _finding(program, "missing", "not in this Python" if program.is_module else "not in PATH", advice)
    return _finding(program, "broken", reason, f"start it by hand: {find(program.name)}")


def _finding(program: Program, state: State, found: str, advice: str = "") -> Finding:
    used = ", ".join(program.uses)
    lacking = "; without it no 2D and 3D classes, refinement and sharpening" if program.needed and state != "ok" else ""
    return Finding(part=PART, name=program.name, state=state, found=f"{found} [{used}]{lacking}", advice=advice)


def _how(environment: Environment | None) -> str:
    """Say how the site starts a program."""
    if environment is None:
        return ""
    ways = {
        "path": environment.path,
        "modules": " ".join(environment.modules),
        "conda": environment.conda,
        "container": environment.container and environment.container.image,
        "search": ":".join(map(str, environment.search)),
    }
    said = ", ".join(f"{way} {value}" for way, value in ways.items() if value)
    return f" ({said})" if said else ""


def _others(wanted: list[Program]) -> list[Finding]:
    """Return the names in the site's file that no tool starts by default: their own, or spelled otherwise."""
    known = [program.name for program in wanted]
    names = [name for key, each in of_site().programs.items() for name in each.names or (key,)]
    found = "in the site's file; no tool starts it by this name unless its parameter executable says so"
    return [
        Finding(part=PART, name=name, state="ok", found=found)
        for name in names
        if not any(fnmatchcase(one, name) for one in known)
    ]
