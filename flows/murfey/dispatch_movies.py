"""How a movie was taken, in the words of the request for it."""

from pydantic import JsonValue

from flows.murfey.dispatch_sessions import site_parameters
from flows.parameters import Tree
from tasks.murfey import SpaPreprocess, TomoAlign, TomoPreprocess

Movie = SpaPreprocess | TomoPreprocess


def payload_of(request: Movie) -> dict[str, JsonValue]:
    """Return what is needed to process a movie."""
    payload: dict[str, JsonValue] = {"path": str(request.movie), "acquisition": taken(request)}
    if request.fm_int_file and _is_eer(request):
        payload["fractions"] = str(request.fm_int_file)
    return payload


def taken(request: Movie) -> dict[str, JsonValue]:
    """Return how a movie was taken, as far as the request says it."""
    usual, said = _usual(request), optics(request) | {"dose_per_frame": request.fm_dose}
    if request.gain_ref:
        said["gain"] = {**(usual.get("gain") or {}), "path": str(request.gain_ref)}
    if _is_eer(request):
        # The request says the pixels of the sensor.
        said["pixel_size"] = request.pixel_size / (usual.get("eer") or {}).get("upsampling", 1)
    return known(said)


def _usual(request: Movie) -> Tree:
    """Return how movies are taken at the site."""
    section = site_parameters("spa" if isinstance(request, SpaPreprocess) else "tomography")
    return dict(section.get("acquisition") or {})


def _is_eer(request: Movie) -> bool:
    return request.movie.suffix.lower() == ".eer"


def optics(request: Movie | TomoAlign) -> dict[str, JsonValue]:
    """Return the imaging conditions that a request says."""
    return known({"pixel_size": request.pixel_size, "voltage": request.kv})


def session_parameters(request: Movie) -> Tree:
    """Return how a session is processed, as far as its first movie says it."""
    parameters: Tree = {"acquisition": taken(request)}
    if request.ft_bin > 1:
        parameters["motion_corrector"] = {"binning": request.ft_bin}
    return parameters


def known(said: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Leave out what is not known."""
    return {name: value for name, value in said.items() if value is not None}
