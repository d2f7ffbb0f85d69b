import pytest
import yaml
from captured_messages import bodies

from flows.murfey.dispatch import receive
from flows.spa_sessions import SpaSession
from tasks.errors import InputError
from tasks.ledger import all_sessions, find_session

SPA = "nt54321-3-raw11"


@pytest.fixture
def site_file(tmp_path, monkeypatch):
    file = tmp_path / "murfey.yaml"
    monkeypatch.setenv("CRYOEM_FLOWS_MURFEY_PARAMETERS", str(file))
    return file


def first_movie(ledger):
    [body] = bodies("em-spa-preprocess.direct")
    return receive(ledger, body, redelivered=False)


def test_what_a_message_says_goes_over_what_is_usual_at_the_site(ledger, site_file):
    site_file.write_text(
        """
        spa:
          acquisition: {spherical_aberration: 1.9, voltage: 300, gain: {rotation: 1}}
          picker: {tool: topaz}
        """
    )
    first_movie(ledger)
    parameters = find_session(ledger, SPA).parameters
    acquisition = parameters["acquisition"]
    assert (acquisition["spherical_aberration"], acquisition["voltage"]) == (1.9, 200.0)
    assert acquisition["gain"] == {
        "rotation": 1,
        "path": "/facility/krios2/2025/nt54321-3/processing/gain_20250914.mrc",
    }
    assert parameters["picker"] == {"tool": "topaz"}


def test_how_gain_references_are_turned_at_the_site_waits_for_one(ledger, site_file):
    site_file.write_text("spa: {acquisition: {gain: {rotation: 1}}}")
    [body] = bodies("em-spa-preprocess.direct", gain_ref=None)
    [arrival] = receive(ledger, body, redelivered=False).arrivals
    assert "gain" not in find_session(ledger, SPA).parameters["acquisition"]
    assert "gain" not in arrival.payload["acquisition"]
    [body] = bodies("em-spa-preprocess.direct", gain_ref="/data/gain.mrc")
    [arrival] = receive(ledger, body, redelivered=False).arrivals
    assert arrival.payload["acquisition"]["gain"] == {"rotation": 1, "path": "/data/gain.mrc"}


def test_pixels_of_eer_movies_are_as_small_as_the_site_makes_them(ledger, site_file):
    site_file.write_text("spa: {acquisition: {eer: {upsampling: 2}}}")
    for name, pixel_size in {"/data/a.eer": 0.5, "/data/a.tiff": 1.0}.items():
        [body] = bodies("em-spa-preprocess.direct", movie=name, pixel_size=1, gain_ref=None)
        [arrival] = receive(ledger, body, redelivered=False).arrivals
        assert arrival.payload["acquisition"]["pixel_size"] == pixel_size


@pytest.mark.parametrize(
    ("picker", "sizes"),
    [
        ("{}", {"diameter_range": (108, 132)}),
        ("{tool: embedded}", {"diameter_range": (108, 132)}),
        ("{tool: relion}", {"diameter_range": (108, 132)}),
        ("{tool: relion_templates, references: /data/averages.mrcs}", {"diameter": 120}),
        ("{tool: topaz}", {"diameter": 120}),
        ("{tool: cryolo, weights: /models/gmodel.h5}", {"diameter": 120}),
    ],
)
def test_the_picker_of_the_site_looks_for_the_diameter_that_is_said(ledger, site_file, picker, sizes):
    site_file.write_text(f"spa: {{picker: {picker}}}")
    [body] = bodies("em-spa-preprocess.direct", particle_diameter=120)
    receive(ledger, body, redelivered=False)
    made = SpaSession.of(find_session(ledger, SPA)).picker
    assert made.tool == yaml.safe_load(picker).get("tool", "embedded")
    assert made.model_dump(include={"diameter", "diameter_range"}) == sizes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spa: {colour: blue}", "murfey.yaml: spa: colour: "),
        ("spa: {picker: {distance: far}}", "picker"),
        ("spa: [1]", "murfey.yaml: no groups of parameters"),
        ("single_particles: {}", "murfey.yaml: a section single_particles"),
        ("spa: {", "murfey.yaml: "),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named_with_its_file(ledger, site_file, text, says):
    site_file.write_text(text)
    with pytest.raises(InputError) as refused:
        first_movie(ledger)
    assert str(site_file) in str(refused.value)
    assert says in str(refused.value)
    assert all_sessions(ledger) == []


def test_a_file_that_is_not_there_is_named(ledger, site_file):
    with pytest.raises(InputError, match=str(site_file)):
        first_movie(ledger)


def test_the_file_is_read_again_when_it_has_changed(ledger, site_file):
    site_file.write_text("spa: {colour: blue}")
    with pytest.raises(InputError):
        first_movie(ledger)
    site_file.write_text("spa: {batch_size: 100}")
    first_movie(ledger)
    assert find_session(ledger, SPA).parameters["batch_size"] == 100


def test_a_session_that_is_open_stays_as_it_is(ledger, site_file):
    site_file.write_text("spa: {batch_size: 100}")
    first_movie(ledger)
    site_file.write_text("spa: {colour: blue}")
    [body] = bodies("em-spa-preprocess.direct", fm_dose=3)
    receive(ledger, body, redelivered=False)
    assert find_session(ledger, SPA).parameters["batch_size"] == 100
