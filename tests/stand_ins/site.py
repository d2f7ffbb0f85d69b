"""A site that has all of the field's programs: those that are not installed here are stood in for."""

import json
import tarfile
from importlib.util import find_spec
from pathlib import Path

from stand_ins.imod import install_imod
from stand_ins.installing import install

from tasks.topaz import THIS_PYTHON

NAMES = {
    "motioncor2": "MotionCor2",
    "motioncor3": "MotionCor3",
    "ctffind4": "ctffind",
    "ctffind5": "ctffind5",
    "aretomo2": "AreTomo2",
    "aretomo3": "AreTomo3",
    "cryolo": "cryolo_predict.py",
    "ib_job": "ib_job",
    "ib_5fig": "ib_5fig",
    "membrain": "membrain",
    "easymode": "easymode",
    "python_of_programs": "python",
}


def install_site(folder: Path) -> Path:
    """Install all stand-ins by the programs' own names; return the folder of programs, to be searched first."""
    programs = folder / "bin"
    for stand_in, name in NAMES.items():
        install(stand_in, programs, name)
    for step in ("extract_train_data", "train", "predict"):
        install("cryocare", programs, f"cryoCARE_{step}.py")
    install_imod(folder / "imod")
    # One program does what two stand-ins do.
    install("aretomo3_motion", folder / "motion", "AreTomo3")
    install("topaz", folder, "python-with-topaz")
    for weights in ("cryolo.h5", "membrain.ckpt", "norm.json"):
        (folder / weights).write_text("weights")
    with tarfile.open(folder / "cryocare.tar.gz", "w:gz") as network:
        network.add(folder / "norm.json", "network/norm.json")
    (folder / "models").mkdir()
    (folder / "models" / "registry.json").write_text(json.dumps({"ribosome": {}, "membrane": {}}))
    return programs


def topaz_in(folder: Path) -> str:
    """Return the Python that has Topaz: this one if it does."""
    return THIS_PYTHON if find_spec("topaz") else str(folder / "python-with-topaz")
