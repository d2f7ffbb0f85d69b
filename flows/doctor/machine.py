"""This machine: GPUs, the libraries that use them, disks and packages."""

import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from flows.doctor.findings import Finding
from tasks.command import find, run
from tasks.errors import CommandError
from tasks.settings import site

GPUS = "GPUs"
LIBRARIES = "GPU libraries"
DISKS = "disks"
PACKAGES = "Debian packages"

_GIB = 2**30
_LEAST = 1.0
_LITTLE = 50.0
_ASKED = "index,name,memory.total,memory.used,driver_version"
_SEES = {
    "torch": "import torch; print(torch.__version__, torch.cuda.is_available() and torch.cuda.get_device_name())",
    "cupy": "import cupy; print(cupy.__version__, cupy.cuda.runtime.getDeviceProperties(0)['name'].decode())",
}
_PACKAGES = {
    "relion": "RELION",
    "openmpi-bin": "mpirun, for RELION with several processes",
    "rabbitmq-server": "a broker on this machine; its tests",
    "mariadb-server": "an ISPyB on this machine; its tests",
    "postgresql": "a ledger for several machines; its tests",
}


def check_gpus() -> list[Finding]:
    """Ask the driver for the GPUs."""
    wanted = site().gpus
    try:
        answer = run(["nvidia-smi", f"--query-gpu={_ASKED}", "--format=csv,noheader,nounits"], cwd=_nowhere())
    except CommandError as error:
        nothing = find("nvidia-smi") is None
        said = "no driver of NVIDIA (nvidia-smi is not there)" if nothing else " ".join(str(error).split())[:300]
        advice = f"CRYOEM_FLOWS_GPUS={wanted} asks for GPUs: take it away, or mend the driver" if wanted else ""
        state = "missing" if nothing and not wanted else "broken"
        return [Finding(part=GPUS, name="nvidia-smi", state=state, found=said, advice=advice or _WITHOUT)]
    found = [_gpu(line) for line in answer.splitlines() if line.count(",") == _ASKED.count(",")]
    return found or [Finding(part=GPUS, name="nvidia-smi", state="broken", found=answer.strip()[:300] or "no GPU")]


_WITHOUT = "the embedded tools compute on the processor; MotionCor, AreTomo and crYOLO need a GPU"


def _gpu(line: str) -> Finding:
    number, name, total, used, driver = (word.strip() for word in line.split(","))
    memory = f"{float(total) / 1024:.0f} GiB of memory, {float(used) / 1024:.1f} used" if total.isdigit() else total
    hidden = (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None and number not in visible.split(",")
    seen = f"; hidden by CUDA_VISIBLE_DEVICES={visible}" if hidden else ""
    return Finding(part=GPUS, name=f"GPU {number}", state="ok", found=f"{name}, {memory}, driver {driver}{seen}")


def check_libraries() -> list[Finding]:
    """See whether the embedded tools can compute on a GPU; each library is loaded in a process of its own."""
    with ThreadPoolExecutor(len(_SEES)) as pool:
        return list(pool.map(_library, _SEES))


def _library(name: str) -> Finding:
    if find_spec(name) is None:
        advice = "for device=cuda: pip install 'cryoem-flows[cuda]'" if name == "torch" else ""
        return Finding(part=LIBRARIES, name=name, state="missing", found="not installed", advice=advice)
    try:
        version, seen = run([sys.executable, "-c", _SEES[name]], cwd=_nowhere()).strip().rsplit("\n")[-1].split(" ", 1)
    except CommandError as error:
        said = str(error).strip().rsplit("\n", maxsplit=1)[-1]
        return Finding(part=LIBRARIES, name=name, state="missing", found=f"sees no GPU: {said[:200]}")
    if seen == "False":
        return Finding(part=LIBRARIES, name=name, state="missing", found=f"{version}, sees no GPU")
    return Finding(part=LIBRARIES, name=name, state="ok", found=f"{version}, sees {seen}")


def check_disks(folder: Path) -> list[Finding]:
    """See whether there is space, and whether we may write."""
    places = {"results": folder, "temporary files": Path(tempfile.gettempdir())}
    if ledger := _ledger_folder():
        places["ledger"] = ledger
    return [_disk(name, place.resolve()) for name, place in places.items()]


def _disk(name: str, place: Path) -> Finding:
    there = next(each for each in (place, *place.parents) if each.exists())
    free = shutil.disk_usage(there).free / _GIB
    found = f"{place}: {free:.0f} GiB free" if free >= _LITTLE else f"{place}: only {free:.1f} GiB free"
    if not os.access(there, os.W_OK):
        advice = f"let this user write in {there}"
        return Finding(part=DISKS, name=name, state="broken", found=f"{found}, but not for us", advice=advice)
    if free < _LEAST:
        return Finding(part=DISKS, name=name, state="broken", found=found, advice="make space, or take another disk")
    return Finding(part=DISKS, name=name, state="ok", found=found)


def _ledger_folder() -> Path | None:
    """Return the folder of a ledger that is a file."""
    try:
        url = make_url(site().ledger.get_secret_value())
    except ArgumentError:
        return None
    return Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else None


def check_packages() -> list[Finding]:
    """Ask Debian which of its packages are there."""
    if find("dpkg-query") is None:
        return [Finding(part=PACKAGES, name="dpkg-query", state="missing", found="this is no Debian")]
    with ThreadPoolExecutor(len(_PACKAGES)) as pool:
        return list(pool.map(_package, _PACKAGES))


def _package(name: str) -> Finding:
    try:
        answer = run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", name], cwd=_nowhere())
    except CommandError:
        answer = ""
    if not answer.startswith("ii"):
        advice = f"apt-get install {name}"
        found = f"not installed ({_PACKAGES[name]})"
        return Finding(part=PACKAGES, name=name, state="missing", found=found, advice=advice)
    return Finding(part=PACKAGES, name=name, state="ok", found=f"{answer.split()[1]} ({_PACKAGES[name]})")


def _nowhere() -> Path:
    """Return a folder that is there whatever happens to ours."""
    return Path(tempfile.gettempdir())
