"""What the announcement of an item says of how it was taken; where it says nothing, it was taken as its session."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue, ValidationError

from flows.parameters import problems
from flows.sessions import TomographySession
from flows.sources import ListedSource, MdocSource, TiltSeriesSource
from tasks.errors import InputError
from tasks.formats.eer_fractions import grouped_as
from tasks.models import Acquisition
from tasks.tilt_series_grouping import ListedTilt

Payload = Mapping[str, JsonValue]


def acquisition_of(movie: Payload, usual: Acquisition) -> Acquisition:
    """Return how a movie was taken."""
    return grouped_as(_said(movie, usual), _fractions(movie))


def source_of(series: Payload, parameters: TomographySession) -> TiltSeriesSource:
    """Return where the exposures of a tilt series are: in a folder that an mdoc file describes, or listed."""
    if "tilts" in series:
        return _listed(series, parameters)
    return MdocSource(
        mdoc=Path(str(series["mdoc"])),
        frames=Path(str(series["frames"])),
        acquisition=parameters.acquisition,
        tilt_axis_angle=parameters.tilt_axis_angle,
        dose_per_tilt=parameters.dose_per_tilt,
    )


def _listed(series: Payload, parameters: TomographySession) -> ListedSource:
    usual, tilts = _said(series, parameters.acquisition), series["tilts"]
    axis = parameters.tilt_axis_angle if series.get("tilt_axis") is None else series["tilt_axis"]
    listed = {
        "name": series["name"],
        "tilts": [_tilt(tilt, usual) for tilt in tilts] if isinstance(tilts, list) else tilts,
        "pattern": parameters.name_pattern,
        "acquisition": usual,
        "tilt_axis_angle": axis,
        "dose_per_tilt": series.get("dose_per_tilt") or parameters.dose_per_tilt,
    }
    try:
        return ListedSource.model_validate(listed)
    except ValidationError as error:
        raise InputError(f"tilt series {series['name']}", problems(error), "a list of tilts") from error


def _tilt(tilt: JsonValue, usual: Acquisition) -> object:
    if not isinstance(tilt, dict):
        return tilt
    taken = _said(tilt, usual) if tilt.get("acquisition") else None
    return ListedTilt(path=tilt["path"], angle=tilt["angle"], acquisition=taken, fractions=_fractions(tilt))


def _said(announced: Payload, usual: Acquisition) -> Acquisition:
    """Return what is said, over what is usual: a gain reference is turned as usual unless that is said too."""
    said = announced.get("acquisition")
    if not isinstance(said, dict):
        return usual
    taken = usual.model_dump(mode="json") | said
    if usual.gain and isinstance(gain := said.get("gain"), dict):
        taken["gain"] = usual.gain.model_dump(mode="json") | gain
    try:
        return Acquisition.model_validate(taken)
    except ValidationError as error:
        raise InputError(
            f"acquisition of {announced.get('path', 'tilts')}", problems(error), "an acquisition"
        ) from error


def _fractions(movie: Payload) -> Path | None:
    """Return the file that says how the frames of an EER file are grouped."""
    fractions = movie.get("fractions")
    return Path(str(fractions)) if fractions else None
