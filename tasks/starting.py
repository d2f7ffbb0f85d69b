"""The words that start a program where the site has it: through bash, conda or a container."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import join, quote
from uuid import uuid4

from tasks import programs
from tasks.programs import Container, Environment

# Other Pythons must not find our modules.
_OURS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
# What is decided for a process and holds in its container too.
_HANDED_ON = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "OMP_NUM_THREADS")
_CODE = Path(__file__).resolve().parent
_MODULES = """\
{ [ "$(type -t module)" = function ] || . %s; } </dev/null >/dev/null 2>&1
module load %s </dev/null || exit 127
"""
# What `conda activate` does, without conda: it need not be there, and would start a Python of its own each time.
_CONDA = """\
[ -d %(folder)s ] || { echo "there is no conda environment "%(folder)s >&2; exit 127; }
export CONDA_PREFIX=%(folder)s CONDA_DEFAULT_ENV=%(folder)s PATH=%(folder)s/bin:"$PATH"
for script in %(folder)s/etc/conda/activate.d/*.sh; do [ ! -r "$script" ] || . "$script" </dev/null >/dev/null; done
"""


@dataclass(frozen=True)
class Start:
    """How a program is started."""

    words: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    """What is put into the environment of these words."""
    ending: str = ":"
    """A command of the shell that ends what would be left running when the words are killed; by default nothing."""


def start(words: Sequence[str], program: str, cwd: Path, variables: Mapping[str, str]) -> Start:
    """Return how a command is started: as it stands, or as the site has its program started.

    The program is the first word, or, where that starts another one (mpirun, a shell), a later one.
    """
    environment = programs.entry(program)
    if environment is None:
        return Start(list(words), dict(variables))
    named = [programs.word(program, environment) if each == program else each for each in words]
    if environment.container:
        all_variables = {**_handed_on(), **environment.variables, **variables}
        inside = contained(environment.container, named, cwd, all_variables)
        outside = environment.model_copy(update={"variables": {}})
        return Start(_through_bash(outside, inside.words), inside.variables, inside.ending)
    return Start(_through_bash(environment, named), dict(variables))


def script(environment: Environment) -> str:
    """Return what bash does before a program: modules, then conda, then folders and variables; the last one wins."""
    site = programs.of_site()
    lines = ""
    if environment.modules or environment.conda:
        lines += f"unset {' '.join(_OURS)}\n"
    if environment.modules:
        lines += _MODULES % (quote(str(site.module_init)), join(environment.modules))
    if environment.conda:
        lines += _CONDA % {"folder": quote(str(site.folder(environment.conda)))}
    for folder in reversed(environment.search):
        lines += f'export PATH={quote(str(folder))}:"$PATH"\n'
    for name, value in environment.variables.items():
        lines += f"export {name}={quote(value)}\n"
    return lines


def _through_bash(environment: Environment, words: list[str]) -> list[str]:
    """Return a command that bash prepares, and then becomes: no process stands between the program and us."""
    lines = script(environment)
    if not lines:
        return words
    return ["bash", "--noprofile", "--norc", "-c", f'{lines}exec "$@"', "bash", *words]


def contained(container: Container, words: list[str], cwd: Path, variables: Mapping[str, str]) -> Start:
    """Return how a command is started in a container that sees its folder and those of the site."""
    folders = list(dict.fromkeys([str(cwd.resolve()), *map(str, container.binds), *_code(words)]))
    if container.runtime in {"apptainer", "singularity"}:
        return _by_apptainer(container, words, folders, variables)
    return _by_docker(container, words, folders, variables)


def _by_apptainer(container: Container, words: list[str], folders: list[str], variables: Mapping[str, str]) -> Start:
    """Keep our own variables out, and hand on what is meant through variables of its own, which may hold commas."""
    prefix = f"{container.runtime.upper()}ENV_"
    binds = [word for folder in folders for word in ("--bind", folder)]
    gpu = ["--nv"] if container.gpu else []
    command = [container.runtime, "exec", "--cleanenv", *gpu, "--pwd", folders[0], *binds, container.image, *words]
    return Start(command, {prefix + name: value for name, value in variables.items()})


def _by_docker(container: Container, words: list[str], folders: list[str], variables: Mapping[str, str]) -> Start:
    """Name the container, so that it can be ended: it is not among our processes."""
    runtime, name = container.runtime, f"cryoem-flows-{uuid4().hex}"
    options = ["--rm", "--init", "--interactive", "--name", name, "--workdir", folders[0]]
    options += ["--user", f"{os.getuid()}:{os.getgid()}"]
    options += ["--userns", "keep-id"] if runtime == "podman" else []
    options += [word for folder in folders for word in ("--volume", f"{folder}:{folder}")]
    options += [word for item in variables.items() for word in ("--env", "=".join(item))]
    if container.gpu:
        options += ["--gpus", "all"] if runtime == "docker" else ["--device", "nvidia.com/gpu=all"]
    command = [runtime, "run", *options, "--entrypoint", words[0], container.image, *words[1:]]
    return Start(command, {}, f"{runtime} rm --force {name} >/dev/null 2>&1")


def _code(words: list[str]) -> list[str]:
    """Return the folder of our own code, if a word is a file of it."""
    return [str(_CODE)] if any(Path(word).parent == _CODE for word in words) else []


def _handed_on() -> dict[str, str]:
    return {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
