"""Every tool of every step takes its place by a parameter, and what follows goes on as with the embedded one.

Programs that are not installed here are stood in for: each checks what it is asked and writes its own formats.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from prefect.testing.utilities import prefect_test_harness
from stand_ins.site import install_site, topaz_in

from flows.micrograph_tools import MicrographTools
from flows.micrographs import preprocess
from flows.steps import concluded
from flows.tomography import Tomography, process_tilt_series
from flows.tools import TomographyTools
from tasks.formats.mrc import read_volume, write_mrc
from tasks.models import Model
from tasks.simulation import SimulatedTiltSeries
from tasks.simulation.truth import TiltSeriesTruth

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("programs")]

BY_AUTHORS = {
    "UCSF": {
        "motion_corrector": "motioncor2",
        "ctf_estimator": "ctffind4",
        "aligner": "aretomo2",
        "reconstructor": "aretomo2",
        "denoiser": "topaz",
        "segmenter": "membrain_seg",
        "picker": "cryolo",
    },
    "CZII": {
        "motion_corrector": "motioncor3",
        "ctf_estimator": "ctffind5",
        "aligner": "aretomo3",
        "reconstructor": "aretomo3",
        "segmenter": "easymode",
        "picker": "embedded",
    },
    "RELION and IMOD": {
        "motion_corrector": "relion",
        "ctf_estimator": "relion",
        "aligner": "imod",
        "reconstructor": "imod",
    },
    # RELION 3.1 makes no halves, from which cryoCARE learns.
    "AreTomo3 from the movies, an alignment of before, cryoCARE": {
        "motion_corrector": "aretomo3",
        "aligner": "given",
        "denoiser": "cryocare",
    },
}
MICROGRAPHS = {
    "UCSF": {"motion_corrector": "motioncor2", "ctf_estimator": "ctffind4", "picker": "cryolo"},
    "CZII": {"motion_corrector": "motioncor3", "ctf_estimator": "ctffind5", "picker": "topaz"},
    "RELION": {"motion_corrector": "relion", "ctf_estimator": "relion", "picker": "relion"},
    "others": {"motion_corrector": "aretomo3", "ice_estimator": "icebreaker", "picker": "relion_templates"},
}
NAMES = {
    "motioncor2": "MotionCor2 ",
    "motioncor3": "MotionCor3 ",
    "aretomo2": "AreTomo2 ",
    "aretomo3": "AreTomo3 ",
    "ctffind4": "CTFFIND 4",
    "ctffind5": "CTFFIND 5",
    "imod": "IMOD ",
    "given": "given as ",
    "topaz": "Topaz ",
    "cryocare": "cryoCARE ",
    "cryolo": "crYOLO ",
    "membrain_seg": "MemBrain-seg ",
    "easymode": "Easymode ",
    "icebreaker": "IceBreaker ",
    "relion_templates": "RELION ",
    "embedded": "cryoem-flows ",
}
"""How the name of the program begins that a result says."""


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    install_site(folder)
    return folder


@pytest.fixture
def programs(site, monkeypatch) -> None:
    monkeypatch.setenv("PATH", f"{site / 'bin'}:{site / 'imod' / 'bin'}:{os.environ['PATH']}")


def members(tools: type[Model], step: str) -> set[str]:
    """Return what a step may be done with, by the schema of its form."""
    field = tools.model_fields[step]
    kinds = [field.annotation, *get_args(field.annotation), *map(type, [field.default])]
    kinds += [inner for kind in kinds for inner in get_args(kind)]
    kinds += [inner for kind in kinds for inner in get_args(kind)]
    return {kind.model_fields["tool"].default for kind in kinds if isinstance(kind, type) and "tool" in _fields(kind)}


def _fields(kind: type) -> dict[str, Any]:
    return kind.model_fields if issubclass(kind, Model) else {}


@pytest.mark.parametrize(("tools", "runs"), [(TomographyTools, BY_AUTHORS), (MicrographTools, MICROGRAPHS)])
def test_no_tool_is_left_out_below(tools, runs):
    for step in tools.model_fields:
        named = {run[step] for run in runs.values() if step in run} | {"embedded"}
        assert members(tools, step) <= named, step


def chosen(run: dict[str, str], site: Path, **more: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the tools of a run, with what each cannot do without."""
    needed = {
        ("motion_corrector", "aretomo3"): {"executable": str(site / "motion" / "AreTomo3")},
        ("denoiser", "topaz"): {"executable": topaz_in(site), "patch_padding": 8},
        # The tomogram is too small to learn from.
        ("denoiser", "cryocare"): {"network": str(site / "cryocare.tar.gz")},
        ("picker", "topaz"): {"executable": topaz_in(site)},
        ("picker", "cryolo"): {"weights": str(site / "cryolo.h5")},
        ("segmenter", "membrain_seg"): {"checkpoint": str(site / "membrain.ckpt")},
        ("segmenter", "easymode"): {"models": str(site / "models"), "features": ("membrane", "ribosome")},
    }
    return {step: {"tool": tool, **needed.get((step, tool), {}), **more.get(step, {})} for step, tool in run.items()}


def records(folder: Path, step: str) -> list[dict[str, Any]]:
    """Return what a step has found, in its records."""
    found = [json.loads(path.read_text()) for path in sorted((folder / step).rglob("*.json"))]
    return [each["result"] for each in found if isinstance(each, dict) and "result" in each]


def assert_done_by(folder: Path, step: str, tool: str) -> None:
    found = records(folder, step)
    assert found, step
    name = NAMES.get(tool, "RELION ")
    assert all(name in each["program"] for each in found), (step, {each["program"] for each in found})


def tomography(truth, folder: Path, tools: dict[str, Any]) -> Tomography:
    source = {
        "kind": "mdoc",
        "mdoc": truth.mdoc,
        "frames": truth.tilts[0].movie.path.parent,
        "acquisition": truth.tilts[0].movie.acquisition,
    }
    # The images are too small and few for the embedded aligner to judge which of them are stray.
    usual = {"aligner": {"tool": "embedded", "smallest_share": 0}, "segmenter": None}
    fixed = {"name": truth.name, "source": source, "folder": folder}
    return Tomography.model_validate(fixed | usual | tools)


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> TiltSeriesTruth:
    """5 tilts fine enough to show Thon rings, of as many frames as RELION wants."""
    parameters = SimulatedTiltSeries(
        name="seen",
        seed=11,
        shape=(192, 192),
        pixel_size=4,
        largest_tilt=20,
        tilt_step=10,
        frames=3,
        beads=6,
        binning=2,
    )
    return parameters.simulate(tmp_path_factory.mktemp("series"))


@pytest.fixture(scope="module")
def embedded(series, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("embedded")
    process_tilt_series(tomography(series, folder, {}))
    return folder


STEPS = {
    "motion_corrector": "motion_correction",
    "ctf_estimator": "ctf_estimation",
    "aligner": "tilt_series_alignment",
    "reconstructor": "tomogram_reconstruction",
    "denoiser": "denoising",
    "segmenter": "segmentation",
    "picker": "tomogram_picking",
}


@pytest.mark.parametrize("run", BY_AUTHORS.values(), ids=list(BY_AUTHORS))
def test_a_tomogram_is_the_same_whoever_makes_it(run, site, series, embedded, tmp_path):
    given = {"aligner": {"folder": str(embedded / "tilt_series_alignment")}} if run["aligner"] == "given" else {}
    picker = {"picker": {"diameter": 250}} if "picker" in run else {}
    process_tilt_series(tomography(series, tmp_path, chosen(run, site, **given, **picker)))
    for step, tool in run.items():
        assert_done_by(tmp_path, STEPS[step], tool)
    (ours,), (theirs,) = (records(folder, "tomogram_reconstruction") for folder in (embedded, tmp_path))
    assert theirs["voxel_size"] == pytest.approx(ours["voxel_size"])
    first, second = read_volume(Path(ours["path"])), read_volume(Path(theirs["path"]))
    assert overlap(first, second) > 2 * overlap(first, second[:, :, ::-1])
    assert (tmp_path / "project" / "default_pipeline.star").exists()


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of the middle of two volumes, which may be of different sizes."""
    sizes = [min(pair) for pair in zip(one.shape, other.shape, strict=True)]
    parts = []
    for volume in (one, other):
        starts = [(full - size) // 2 for full, size in zip(volume.shape, sizes, strict=True)]
        cut = tuple(slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
        parts.append(volume[cut].ravel())
    return float(np.corrcoef(*parts)[0, 1])


@pytest.fixture(scope="module")
def templates(tmp_path_factory) -> Path:
    """A class average of sorts: a bright disc in a dark ring, on the scale of noise of standard deviation 1."""
    path = tmp_path_factory.mktemp("templates") / "disc.mrcs"
    y, x = np.mgrid[-32:32, -32:32]
    disc = np.clip(25 - np.hypot(x, y), 0, 1) - 0.3 * np.clip(31 - np.hypot(x, y), 0, 1)
    write_mrc(path, 0.25 * disc[None].astype(np.float32), 2.0, stack=True)
    return path


@pytest.mark.parametrize("run", MICROGRAPHS.values(), ids=list(MICROGRAPHS))
def test_a_movie_becomes_picks_whoever_makes_them(run, site, simulated_movies, templates, tmp_path):
    movie = simulated_movies.movies[0].movie
    # The particles are few, and not much like a disc.
    needed = {
        "relion": {"diameter_range": (80, 120)},
        "relion_templates": {"diameter": 100, "references": str(templates), "threshold": 0.02},
        "cryolo": {"diameter": 100, "threshold": 0.1},
        "topaz": {"diameter": 100},
    }
    parameters = chosen(run, site, picker=needed[run["picker"]])
    parameters.setdefault("ice_estimator", {"tool": "embedded", "area": 100})
    tools = MicrographTools.model_validate(parameters)
    found = concluded(preprocess(movie, movie.acquisition.optics, tools, tmp_path))
    steps = STEPS | {"ice_estimator": "ice_thickness", "picker": "particle_picking"}
    for step, tool in run.items():
        assert_done_by(tmp_path, steps[step], tool)
    assert found.picks.count > 0
