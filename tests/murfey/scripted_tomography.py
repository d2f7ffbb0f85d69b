"""How the scripted Murfey treats tilt series: which tilts it knows, and when it has a series aligned."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murfey.scripted_paths import motion_corrected, stack

if TYPE_CHECKING:
    from murfey.scripted import ScriptedMurfey

Body = dict[str, Any]


@dataclass
class Tilt:
    """A row of tilt."""

    movie: Path
    motion_corrected: bool = False


@dataclass
class Series:
    """A row of tiltseries, with its data collection if that is registered already."""

    tag: str
    tilts: list[Tilt] = field(default_factory=list)
    length: int = -1
    processing_requested: bool = False
    dcid: int | None = None
    programs: dict[str, int] = field(default_factory=dict)

    def is_due(self) -> bool:
        whole = all(tilt.motion_corrected for tilt in self.tilts) and len(self.tilts) >= self.length
        return whole and self.length > 2 and not self.processing_requested


@dataclass
class Group:
    """Tilt series that share a folder and parameters."""

    murfey: "ScriptedMurfey"
    raw: str
    pixel_size: float = 2.13
    dose: float = 0.35
    frames: int = 10
    voltage: int = 300
    gain: str | None = None
    tilt_axis: float = 85.3
    binning: int = 1
    series: dict[str, Series] = field(default_factory=dict)
    stash: list[tuple[str, Path]] = field(default_factory=list)
    """Tilts that came before the data collection of their series."""
    images: int = 0

    @property
    def collections(self) -> set[int]:
        return {series.dcid for series in self.series.values() if series.dcid is not None}

    # What happens at the microscope

    def tilt(self, name: str) -> list[Body]:
        """Announce a movie of a tilt; it is stashed until the first series of the group is registered."""
        path = self.murfey.site.folder / self.raw / name
        tag = "_".join(path.stem.split("_")[:-5])
        series = self.series.setdefault(tag, Series(tag))
        known = next((tilt for tilt in series.tilts if tilt.movie == path), None)
        if known and known.motion_corrected:
            return []
        if not known:
            series.tilts.append(Tilt(path))
        if series.dcid is None and self.collections:
            self._register(series)
        if series.dcid is None:
            self.stash.append((tag, path))
            return []
        return [self._preprocess(series, path, flushed=False)]

    def mdoc(self, tag: str, length: int) -> list[Body]:
        """Announce the mdoc file of a series: its length; the first has the data collection registered."""
        before, series = len(self.murfey.requests), self.series[tag]
        series.length = length
        if series.dcid is None:
            self._register(series)
            self._flush()
        if len(series.tilts) >= length:
            self.completed(tag, length)
        return self.murfey.requests[before:]

    def completed(self, tag: str, length: int) -> list[Body]:
        """Announce that a series has all its tilts."""
        before, series = len(self.murfey.requests), self.series[tag]
        series.length = length
        if series.is_due():
            self._align(series, stack(motion_corrected(self.murfey.site.folder, series.tilts[0].movie), tag))
        return self.murfey.requests[before:]

    def late_tilt(self, name: str) -> list[Body]:
        """Announce a tilt of a series that was complete: it is open again until its next mdoc file."""
        tag = "_".join(Path(name).stem.split("_")[:-5])
        self.series[tag].processing_requested, self.series[tag].length = False, -1
        return self.tilt(name)

    # Feedback

    def motion_corrected(self, message: Body) -> None:
        (series,) = [each for each in self.series.values() if int(message["program_id"]) in each.programs.values()]
        if series.programs["em-tomo-preprocess"] != int(message["program_id"]):
            raise LookupError(f"program {message['program_id']} has no movies")
        of_movie = [
            each for each in self.series.values() for tilt in each.tilts if str(tilt.movie) == message.get("movie")
        ]
        (series,) = of_movie
        tilt = next(tilt for tilt in series.tilts if str(tilt.movie) == message["movie"])
        tilt.motion_corrected = True
        if series.is_due():
            self._align(series, stack(Path(message["mrc_out"]), series.tag))

    def _register(self, series: Series) -> None:
        series.dcid, series.programs = self.murfey.data_collection("em-tomo-preprocess", "em-tomo-align")

    def _flush(self) -> None:
        for entry in list(self.stash):
            series = self.series[entry[0]]
            if series.dcid is not None:
                self._preprocess(series, entry[1], flushed=True)
                self.stash.remove(entry)

    def _preprocess(self, series: Series, movie: Path, *, flushed: bool) -> Body:
        self.images += 1
        program = series.programs["em-tomo-preprocess"]
        parameters = {
            "node_creator_queue": "node_creator",
            "dcid": series.dcid,
            "autoproc_program_id": program,
            "movie": str(movie),
            "mrc_out": str(motion_corrected(self.murfey.site.folder, movie)),
            "pixel_size": self.pixel_size,
            "kv": self.voltage,
            "image_number": self.images,
            "microscope": self.murfey.site.microscope,
            "mc_uuid": self.murfey.ids(program)[0],
            "ft_bin": self.binning,
            "fm_dose": self.dose,
            "frame_count": self.frames,
            "gain_ref": self.gain,
            "fm_int_file": "" if flushed else None,
        }
        return self.murfey.send("em-tomo-preprocess", parameters)

    def _align(self, series: Series, stack_file: Path) -> None:
        images = [motion_corrected(self.murfey.site.folder, tilt.movie) for tilt in series.tilts]
        angles = [_angle(image) for image in images]
        parameters = {
            "input_file_list": str([[str(image), str(angle)] for image, angle in zip(images, angles, strict=True)]),
            "path_pattern": "",
            "dcid": series.dcid,
            "appid": series.programs["em-tomo-align"],
            "stack_file": str(stack_file),
            "dose_per_frame": self.dose,
            "frame_count": self.frames,
            "kv": self.voltage,
            "tilt_axis": self.tilt_axis,
            "pixel_size": self.pixel_size,
            "manual_tilt_offset": -_midpoint(angles),
            "node_creator_queue": "node_creator",
            "search_map_id": None,
            "x_location": None,
            "y_location": None,
        }
        self.murfey.send("em-tomo-align", parameters, feedback_queue=False)
        series.processing_requested = True


def _angle(path: Path) -> float:
    return float(next(part for part in path.name.split("_") if "." in part))


def _midpoint(angles: list[float]) -> int:
    """Return the rounded middle angle, or zero if that or the next is zero."""
    middle, above = sorted(angles)[len(angles) // 2 :][:2]
    return round(middle) if middle and above else 0
