import json
from html.parser import HTMLParser

import numpy as np
import pytest

from tasks.errors import InputError
from tasks.formats.mrc import write_mrc
from tasks.report.session import write_session_report

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).replace("\u202f", " ").split())


def report(grid):
    path = write_session_report(grid.ledger, grid.session.name)
    page = Page(path.read_text())
    assert page.open == []
    return page, json.loads((path.parent / "session.json").read_text())


def test_an_empty_session_says_so(grid):
    page, facts = report(grid)
    assert "Nothing has arrived yet." in page.words
    assert facts["kinds"] == facts["movies"] == facts["series"] == []
    assert not any("http-equiv" in meta for meta in page.all("meta"))


def test_an_unknown_session_is_refused(ledger):
    with pytest.raises(InputError, match="nonesuch"):
        write_session_report(ledger, "nonesuch")


def test_a_tilt_series_shows_what_was_found_of_it_and_of_its_tilts(grid, motion, ctf, alignment, tomogram):
    volume = np.random.default_rng(1).normal(size=(8, 16, 20)).astype(np.float32)
    write_mrc(tomogram().path, volume, 12.0)
    for number in (1, 2, 3):
        path = f"/frames/t_{number}.tif"
        found = {"motion_correction": motion(late=number), "ctf_estimation": ctf(30_000 + 1000 * number)}
        grid.done("tilt_movie", path, found, path=path)
    series = {"tilt_series_alignment": alignment, "tomogram_reconstruction": tomogram()}
    movies = ["t_1.tif", "t_2.tif", "t_3.tif"]
    grid.done("tilt_series", "/a.mdoc", series, name="Position_1", frames="/frames", movies=movies, missing=["t_4.tif"])
    page, facts = report(grid)
    (one,) = facts["series"]
    assert (one["name"], one["state"], one["used"], one["missing"]) == ("Position_1", "done", 2, ["t_4.tif"])
    assert [tilt["angle"] for tilt in one["tilts"]] == [-3.1, 0.2, None]
    assert [tilt["motion"] for tilt in one["tilts"]] == [4, 5, 6]
    assert [tilt["defocus"] for tilt in one["tilts"]] == [31_000, 32_000, 33_000]
    assert one["seconds"] == {"tilt_series_alignment": 10, "tomogram_reconstruction": 10}
    assert "20 \u00d7 16 \u00d7 8 voxels" in page.words
    for words in ("2 of 4", "85.25 °", "-7.5", "12.3 Å", "153 nm", "45.7 Å", "t_3 : blank", "t_4.tif"):
        assert words in page.words
    (picture,) = page.all("img")
    assert (grid.session.folder / "report" / picture["src"]).is_file()
    assert "All that has arrived is done." in page.words
    assert {"href": "../tomogram.mrc"} in page.all("a")


def test_movies_are_plotted_over_the_session(spa, motion, ctf):
    for number in range(20):
        found = {"motion_correction": motion(late=number), "ctf_estimation": ctf(10_000 + number)}
        spa.done("movie", f"/frames/m_{number}.eer", found)
    page, facts = report(spa)
    assert [movie["name"] for movie in facts["movies"]] == [f"m_{number}" for number in range(20)]
    plots = [svg["aria-label"] for svg in page.all("svg")]
    assert len(plots) == 6
    assert [figure.get("class") for figure in page.all("figure")].count("plot none") == 3
    assert plots[0].startswith("motion: 20 points against movie, in order of arrival, 3.0 Å to 22.0 Å, median 12.5 Å")


def test_a_session_with_open_items_refreshes_itself(grid):
    grid.take("movie", "/frames/m_1.eer")
    page, facts = report(grid)
    assert {"http-equiv": "refresh", "content": "30"} in page.all("meta")
    assert [item["owner"] for item in facts["running"]] == ["gpu1"]
    assert facts["attention"] == []


def test_what_was_given_up_says_why_with_log_and_attempts(grid):
    log = grid.session.folder / "logs" / "m 1.log"
    log.parent.mkdir(parents=True)
    log.write_text("first line\nno frames <found>\n")
    grid.lost("tilt_movie", "/frames/m_1.tif", "it is black", log, path="/frames/m_1.tif")
    page, facts = report(grid)
    (item,) = facts["given_up"]
    assert (item["reason_kind"], item["reason"]) == ("bad-data", "it is black")
    assert [attempt["outcome"] for attempt in item["attempts"]] == ["bad-data"]
    assert [note["part"] for note in facts["attention"]] == ["given-up"]
    assert "1 tilt movie given up (1 bad-data)" in page.words
    assert "no frames <found>" in page.words
    assert {"href": "../logs/m%201.log"} in page.all("a")


def test_names_cannot_break_the_page(grid, alignment):
    nasty = '"><script>alert(1)</script>&amp;\n../{{ 7 * 7777 }}'
    grid.done("tilt_series", f"/{nasty}.mdoc", {"tilt_series_alignment": alignment}, name=nasty, movies=[nasty])
    grid.lost("tilt_movie", f"/{nasty}.tif", nasty, path=f"/{nasty}.tif")
    page, facts = report(grid)
    assert page.all("script") == [{}]
    assert "alert(1)" in page.words
    assert "54439" not in page.words
    assert facts["given_up"][0]["reason"] == nasty


def test_nothing_is_asked_of_other_servers(grid, alignment):
    grid.done("tilt_series", "/a.mdoc", {"tilt_series_alignment": alignment}, name="a", movies=[])
    text = write_session_report(grid.ledger, "cm1").read_text()
    assert "http:" not in text
    assert "https:" not in text
