"""The session of the ledger that a request belongs to, and how it is processed."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import JsonValue

from flows.parameters import Tree
from flows.session_kinds import parameters_of
from tasks.errors import InputError
from tasks.ledger import Ledger, Session, find_session
from tasks.murfey import MurfeyRequest, SpaPreprocess, TomoAlign, project_of, session_name, visit_of
from tasks.settings import site

Kind = Literal["spa", "tomography"]

_SECTIONS = ("spa", "tomography")


def session_of(ledger: Ledger, request: MurfeyRequest, kind: Kind, said: Tree) -> Session:
    """Return the session of a request; if there is none yet, a new one, with what is said of how it is processed.

    Raises InputError, which names the file of the site, if that cannot be used.
    """
    project = project_of(request.path)
    identifiers = identifiers_of(request, project)
    known = session_at(ledger, project, kind)
    if known:
        # What is known stays; what is not may be added.
        return known.model_copy(update={"identifiers": identifiers})
    names = (session_name(project), f"{session_name(project)}-{kind}")
    name = next(name for name in names if _found(ledger, name) is None)
    parameters = _whole(joined(site_parameters(kind), said))
    return _checked(Session(name=name, kind=kind, folder=project, parameters=parameters, identifiers=identifiers))


def session_at(ledger: Ledger, project: Path, kind: Kind) -> Session | None:
    """Return the session of a kind in a folder; microscopes may write those of both kinds into one."""
    names = (session_name(project), f"{session_name(project)}-{kind}")
    found = (_found(ledger, name) for name in names)
    return next((each for each in found if each and (each.kind, each.folder) == (kind, project)), None)


def session_with(ledger: Ledger, path: Path) -> Session:
    """Return the session of single particles that a file or folder belongs to; raise InputError if there is none."""
    known = session_at(ledger, project_of(path), "spa")
    if known is None:
        raise InputError(path, "a project without a movie", "one whose movies were announced before")
    return known


def identifiers_of(request: MurfeyRequest, project: Path) -> dict[str, JsonValue]:
    """Return what others call the session of a request; what nobody but the request needs to know stays there.

    One who awaits no answers leads no session: what follows from the request is then decided here.
    """
    visit, session = visit_of(project), getattr(request, "session_id", None)
    named = {"feedback_queue": request.feedback_queue, "session_id": session, "visit": visit.name if visit else None}
    identifiers: dict[str, JsonValue] = {}
    if request.feedback_queue or isinstance(request, TomoAlign):
        identifiers["murfey"] = {name: value for name, value in named.items() if value is not None}
    if request.autoproc_program_id is not None:
        collection = request.dcid if isinstance(request, SpaPreprocess) else None
        identifiers["ispyb"] = {} if collection is None else {"dcid": collection}
    return identifiers


def site_parameters(kind: Kind) -> Tree:
    """Return how the site wants sessions of a kind to be processed."""
    file = site().murfey_parameters
    if file is None:
        return {}
    try:
        return dict(_read(file, file.stat().st_mtime_ns).get(kind) or {})
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(file, str(error), f"a YAML file with sections {' and '.join(_SECTIONS)}") from error


def joined(usual: Tree, said: Tree) -> Tree:
    """Return what is usual with what is said, in groups, too."""
    both = dict(usual)
    for name, value in said.items():
        there = both.get(name)
        both[name] = joined(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return both


def _whole(parameters: Tree) -> Tree:
    """Leave out how gain references are turned, if there is none: frames may be corrected already."""
    acquisition = parameters.get("acquisition")
    gain = acquisition.get("gain") if isinstance(acquisition, dict) else None
    if not isinstance(acquisition, dict) or not isinstance(gain, dict) or "path" in gain:
        return parameters
    return {**parameters, "acquisition": {name: value for name, value in acquisition.items() if name != "gain"}}


def _found(ledger: Ledger, name: str) -> Session | None:
    try:
        return find_session(ledger, name)
    except InputError:
        return None


def _checked(session: Session) -> Session:
    file = site().murfey_parameters
    try:
        parameters_of(session)
    except InputError as error:
        subject = f"{file}: {session.kind}" if file else error.subject
        raise InputError(subject, error.found, error.expected) from error
    return session


@lru_cache(maxsize=1)
def _read(file: Path, _modified: int) -> Tree:
    content = yaml.safe_load(file.read_text()) or {}
    if not isinstance(content, dict) or not all(isinstance(group, dict | None) for group in content.values()):
        raise ValueError("no groups of parameters")
    if other := sorted(set(map(str, content)) - set(_SECTIONS)):
        raise ValueError(f"a section {other[0]}")
    return content
