import re
from pathlib import Path

import pytest

from tasks import programs
from tasks.errors import InputError


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Write the file of a site; return its path."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "programs.yaml"
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(file))

    def write(text: str) -> Path:
        file.write_text(text)
        return file

    return write


def test_without_a_file_nothing_is_said_of_any_program(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRYOEM_FLOWS_PROGRAMS", raising=False)
    assert programs.entry("relion_refine") is None


def test_a_file_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(tmp_path / "none.yaml"))
    with pytest.raises(InputError, match=r"CRYOEM_FLOWS_PROGRAMS: .*none.yaml; expected a YAML file"):
        programs.entry("relion_refine")


def test_an_entry_serves_the_program_of_its_name_or_those_it_names(site):
    site(
        "programs:\n"
        "  AreTomo3: {path: /opt/AreTomo3}\n"
        "  relion: {names: ['relion_*'], modules: [relion/5.0]}\n"
        "  old: {names: [relion_autopick], modules: [relion/3.1]}\n"
    )
    assert programs.entry("AreTomo3").path == "/opt/AreTomo3"
    assert programs.entry("relion_refine_mpi").modules == ("relion/5.0",)
    assert programs.entry("relion_autopick").modules == ("relion/3.1",), "a name goes before a pattern"
    assert programs.entry("relion") is None
    assert programs.entry("ctffind") is None


def test_a_program_that_is_given_by_its_path_is_left_alone(site):
    site("programs:\n  relion_refine: {modules: [relion/5.0]}\n")
    assert programs.entry("/usr/bin/relion_refine") is None


def test_a_changed_file_counts_at_once(site):
    file = site("programs:\n  AreTomo3: {path: /old}\n")
    assert programs.entry("AreTomo3").path == "/old"
    file.write_text("programs:\n  AreTomo3: {path: /newer}\n")
    assert programs.entry("AreTomo3").path == "/newer"


def test_a_conda_environment_is_found_by_its_folder_or_by_its_name_below_the_root(site):
    site("conda_root: /opt/conda\nprograms:\n  a: {conda: topaz}\n  b: {conda: /envs/cryolo}\n")
    assert programs.of_site().folder("topaz") == Path("/opt/conda/envs/topaz")
    assert programs.of_site().folder("/envs/cryolo") == Path("/envs/cryolo")


@pytest.mark.parametrize(
    ("text", "place", "found", "expected"),
    [
        ("programs:\n  a: {module: [x]}\n", "programs.a.module", r"\['x'\]", "one of names, path, modules, conda"),
        ("programs:\n  a: {modules: relion}\n", "programs.a.modules", "'relion'", "tuple"),
        ("programs:\n  a: {path: bin/a}\n", "programs.a.path", "'bin/a'", "pattern"),
        ("programs:\n  a: {variables: {N: 4}}\n", "programs.a.variables.N", "4", "string"),
        ("programs:\n  a: {variables: {A-B: x}}\n", "programs.a.variables", "A-B", "letters, digits and underscores"),
        (
            "programs:\n  a: {container: {image: x, run: podman}}\n",
            "programs.a.container.run",
            "'podman'",
            "one of image, runtime, binds, gpu",
        ),
        ("programs:\n  a: {container: {image: x, runtime: lxc}}\n", "programs.a.container.runtime", "'lxc'", "docker"),
        ("programs:\n  a: {names: ['b*']}\n", "programs.a", "b", "one of path, modules, conda"),
        ("programs:\n  a: {conda: /x, container: {image: y}}\n", "programs.a", "/x", "either conda or container"),
        (
            "programs:\n  a: {search: [/x], container: {image: y}}\n",
            "programs.a",
            "/x",
            "search has no meaning in a container",
        ),
        ("programs:\n  a: {names: ['b*'], path: /x}\n", "programs.a", "/x", "one name beside path"),
        ("programs:\n  a: {path: /x}\n  b: {names: [a], path: /y}\n", "programs.yaml", "/x", "one entry for a"),
        ("programs:\n  a: {conda: topaz}\n", "programs.yaml", "topaz", "conda_root beside the name 'topaz'"),
        ("program: {}\n", "program", "{}", "one of module_init, conda_root, programs"),
        ("- a\n", "programs.yaml", r"\['a'\]", "a mapping with the key programs"),
        ("programs: [\n", "programs.yaml", "line 2", "YAML"),
    ],
)
def test_what_cannot_be_used_is_named_with_file_key_and_value(site, text, place, found, expected):
    site(text)
    with pytest.raises(InputError) as refused:
        programs.entry("a")
    where, _, what = str(refused.value).partition("; expected ")
    assert "programs.yaml" in where
    assert place in where
    assert re.search(found, where)
    assert expected in what


def test_the_example_for_sites_can_be_used(monkeypatch):
    example = Path(__file__).parents[2] / "deployments" / "programs.yaml"
    monkeypatch.setenv("CRYOEM_FLOWS_PROGRAMS", str(example))
    assert programs.entry("relion_refine_mpi").modules == ("openmpi/4.1", "relion/5.0.1")
    assert programs.of_site().folder(programs.entry("topaz").conda) == Path("/opt/miniforge3/envs/topaz")
    assert programs.entry("AreTomo3").container.gpu
