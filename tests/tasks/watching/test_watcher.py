import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from tasks.ledger import LedgerError, Selection, Session, open_session, quarantined, requeue, status
from tasks.models import Acquisition
from tasks.tilt_series_grouping import from_mdoc
from tasks.watching import Names

TILTS = [f"TS_01_{number:03}_{3 * number}.0.tif" for number in range(5)]


def test_a_movie_arrives_when_it_has_not_changed_for_a_while(watching, write):
    write("a.tif")
    watching.look(2)
    assert watching.movies == []
    watching.look(2)
    assert watching.movies == ["a.tif"]


@pytest.mark.parametrize("suffix", [".mrc", ".tif"])
@pytest.mark.parametrize("pause", [1, 30])
def test_a_movie_that_is_copied_slowly_arrives_when_it_is_whole(watching, folder, contents, suffix, pause):
    whole = contents[suffix]
    part = len(whole) // 5 + 1
    for start in range(0, len(whole), part):
        assert watching.movies == []
        with (folder / f"a{suffix}").open("ab") as file:
            file.write(whole[start : start + part])
        if start + part < len(whole):
            watching.look(pause)
    watching.settle()
    assert watching.movies == [f"a{suffix}"]
    assert [arrival.payload["size"] for arrival in watching.told] == [len(whole)]


@pytest.mark.parametrize("temporary", [".a.tif.Xy12Zq", ".a.tif", "a.tif.part", "a.tif.filepart", "~a.tif", "a.tif~"])
def test_names_of_copies_that_are_under_way_do_not_count(watching, folder, contents, temporary):
    copy = folder / temporary
    copy.write_bytes(contents[".tif"])
    watching.settle()
    assert watching.movies == []
    copy.rename(folder / "a.tif")
    watching.settle(30)
    assert watching.movies == ["a.tif"]


def test_movies_are_found_below_but_not_among_results_or_hidden_folders(watching, write, folder):
    write("grid/square/a.tif", "results/a.tif", ".rsync-partial/b.tif", "SuperRef_gain.mrc")
    watching.restart(results=(folder / "results",))
    watching.settle(30)
    assert [arrival.key for arrival in watching.told] == [str(folder / "grid/square/a.tif")]


def test_movies_arrive_in_the_order_in_which_they_were_taken(watching, write, folder):
    write("c.tif", "a.tif", "b.tif")
    for name, when in (("c.tif", 1), ("a.tif", 2), ("b.tif", 3)):
        os.utime(folder / name, (when, when))
    watching.settle(30)
    assert [Path(arrival.key).name for arrival in watching.told] == ["c.tif", "a.tif", "b.tif"]


def test_a_movie_of_another_size_is_news(watching, write, folder, contents):
    write("a.tif")
    watching.settle()
    (folder / "a.tif").write_bytes(contents[".tif"] + b"more")
    watching.settle(watching.watch.everything * watching.watch.interval + 30)
    assert [arrival.payload["size"] - len(contents[".tif"]) for arrival in watching.told] == [0, 4]


def test_movies_of_single_particles_are_of_another_kind_and_have_no_series(ledger, watching, write, write_mdoc):
    open_session(ledger, Session(name="lamella", kind="spa", folder=Path("/results/lamella")))
    watching.restart(session="lamella", kind="spa")
    write(*TILTS)
    write_mdoc("TS_01.mdoc", TILTS)
    watching.settle()
    assert [(one.kind, one.waiting) for one in status(ledger, "lamella").kinds] == [("movie", len(TILTS))]


def test_a_series_arrives_when_its_last_movie_is_whole(watching, write, write_mdoc, folder):
    mdoc = write_mdoc("TS_01.mrc.mdoc", TILTS)
    write(*(f"frames/{name}" for name in TILTS[:-1]))
    watching.settle()
    assert (watching.movies, watching.series) == (TILTS[:-1], {})
    write(f"frames/{TILTS[-1]}")
    watching.settle(30)
    assert watching.series == {mdoc.name: set(TILTS)}
    assert watching.told[-1].payload == {
        "name": "TS_01",
        "mdoc": str(mdoc),
        "frames": str(folder / "frames"),
        "movies": TILTS,
        "missing": [],
        "broken": [],
    }


def test_a_series_does_not_arrive_while_its_mdoc_grows(watching, write, write_mdoc):
    write(*TILTS)
    for count in range(2, 6):
        write_mdoc("TS_01.mdoc", TILTS[:count])
        watching.settle(60)
    assert watching.series == {}
    watching.settle()
    assert watching.series == {"TS_01.mdoc": set(TILTS)}
    assert [arrival.kind for arrival in watching.told].count("tilt_series") == 1


def test_movies_that_were_compressed_since_are_those_of_the_mdoc(watching, write, write_mdoc):
    write_mdoc("TS_01.mdoc", [name.replace(".tif", ".mrc") for name in TILTS])
    write(*TILTS)
    watching.settle()
    assert list(watching.series) == ["TS_01.mdoc"]


def test_a_series_arrives_without_what_does_not_come_and_again_when_it_comes(watching, write, write_mdoc, caplog):
    write(*TILTS[:-1])
    write_mdoc("TS_01.mdoc", TILTS)
    watching.settle(600)
    assert watching.series == {}
    with caplog.at_level(logging.WARNING):
        watching.settle(300)
    assert watching.series == {"TS_01.mdoc": set(TILTS[:-1])}
    assert f"TS_01 arrives without {TILTS[-1]}" in caplog.text
    write(TILTS[-1])
    watching.settle(30)
    assert watching.series == {"TS_01.mdoc": set(TILTS)}


def test_a_series_of_which_nothing_is_there_waits_until_nothing_comes_at_all(watching, write, write_mdoc):
    write_mdoc("TS_01.mdoc", TILTS)
    for number in range(20):
        write(f"other_{number}.tif")
        watching.settle(60)
    assert watching.series == {}
    watching.settle(700)
    assert watching.series == {"TS_01.mdoc": set()}


def test_a_series_with_a_broken_movie_arrives_without_it_and_again_when_it_is_mended(
    watching, write, write_mdoc, folder
):
    write(*TILTS)
    (folder / TILTS[2]).write_bytes(b"II*\0 but not an image")
    write_mdoc("TS_01.mdoc", TILTS)
    watching.settle(watching.watch.patience + 100)
    assert watching.series == {"TS_01.mdoc": {*TILTS} - {TILTS[2]}}
    assert watching.told[-1].payload["broken"] == [TILTS[2]]
    write(TILTS[2])
    watching.settle(30)
    assert watching.series == {"TS_01.mdoc": {*TILTS}}


def test_a_movie_that_stays_broken_is_quarantined_with_its_reason(watching, folder, contents, ledger):
    (folder / "a.mrc").write_bytes(contents[".mrc"][:-100])
    watching.settle(watching.watch.patience - 10)
    assert quarantined(ledger, "grid") == []
    watching.settle(30)
    watching.restart()
    watching.settle(2 * watching.watch.patience)
    (found,) = quarantined(ledger, "grid")
    assert (found.kind, found.key, found.reason_kind) == ("broken_file", str(folder / "a.mrc"), "bad-data")
    assert "truncated" in found.reason
    assert [arrival.kind for arrival in watching.told] == ["broken_file"]


def test_a_broken_mdoc_is_quarantined(watching, folder, ledger):
    (folder / "broken.mdoc").write_text("nothing of use")
    watching.settle(1000)
    assert [Path(found.key).name for found in quarantined(ledger, "grid")] == ["broken.mdoc"]


def test_an_mdoc_of_no_tilt_series_is_told_and_left(watching, write_mdoc, ledger, caplog):
    write_mdoc("a.tif.mdoc", ["a.tif"])
    with caplog.at_level(logging.INFO):
        watching.settle(1000)
    assert caplog.text.count("a.tif.mdoc: a single image") == 1
    assert watching.told == []


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_movie_that_is_mended_leaves_the_quarantine(watching, write, folder, ledger, is_restarted):
    (folder / "a.mrc").write_bytes(b"broken")
    watching.settle(watching.watch.patience + 30)
    assert [Path(found.key).name for found in quarantined(ledger, "grid")] == ["a.mrc"]
    if is_restarted:
        watching.restart()
    write("a.mrc")
    watching.settle(30)
    assert watching.movies == ["a.mrc"]
    watching.look()
    assert quarantined(ledger, "grid") == []
    assert [kind.done for kind in status(ledger, "grid").kinds if kind.kind == "broken_file"] == [1]


def test_a_person_may_let_a_broken_movie_be_looked_into_again(watching, folder, ledger):
    (folder / "a.mrc").write_bytes(b"broken")
    watching.settle(watching.watch.patience + 30)
    assert requeue(ledger, Selection(session="grid"), "a person") == 1
    watching.look()
    assert [Path(found.key).name for found in quarantined(ledger, "grid")] == ["a.mrc"]


def test_after_a_restart_only_what_came_meanwhile_is_news(watching, write, write_mdoc, folder):
    write(*TILTS[:3])
    write_mdoc("TS_01.mdoc", TILTS)
    watching.settle(20)
    watching.told.clear()
    write(*TILTS[3:])
    watching.restart()
    watching.settle()
    assert [(one.kind, Path(one.key).name) for one in watching.told] == [
        *(("tilt_movie", name) for name in TILTS[3:]),
        ("tilt_series", "TS_01.mdoc"),
    ]
    watching.told.clear()
    watching.restart()
    shutil.rmtree(folder)
    folder.mkdir()
    write_mdoc("TS_01.mdoc", TILTS)
    watching.settle(2000)
    assert watching.told == []


def test_a_folder_that_vanishes_is_waited_for(watching, write, folder, caplog):
    folder.rename(folder.with_name("elsewhere"))
    watching.look(3)
    assert caplog.text.count("cannot be read (No such file or directory); waiting for it") == 1
    folder.with_name("elsewhere").rename(folder)
    write("a.tif")
    watching.settle(30)
    assert watching.movies == ["a.tif"]
    assert caplog.text.count("can be read again") == 1


def test_what_arrives_while_the_ledger_is_away_arrives_later(watching, write, write_mdoc, monkeypatch):
    write(*TILTS)
    write_mdoc("TS_01.mdoc", TILTS)
    monkeypatch.setattr("tasks.watching.watcher.arrive", away)
    for _ in range(100):
        with suppress(LedgerError):
            watching.look()
        watching.clock.time += 5
    assert watching.movies == []
    monkeypatch.undo()
    watching.look(2)
    assert (watching.movies, list(watching.series)) == (TILTS, ["TS_01.mdoc"])


def away(*_):
    raise LedgerError("away")


def test_patterns_say_which_files_are_movies(watching, write):
    write("a_fractions.tif", "b.tif", "skip_fractions.tif")
    watching.restart(names=Names(movies=("*_FRACTIONS.tif",), ignored=("skip*",)))
    watching.settle(30)
    assert watching.movies == ["a_fractions.tif"]


def test_the_grouping_understands_what_arrives_and_says_what_is_missing(watching, write, write_mdoc):
    write(*(f"frames/{name}" for name in TILTS[:-1]))
    write_mdoc("TS_01.mdoc", TILTS)
    watching.settle(1000)
    payload = watching.told[-1].payload
    acquisition = Acquisition(pixel_size=2)
    series = from_mdoc(Path(payload["mdoc"]), Path(payload["frames"]), acquisition, tilt_axis_angle=85)
    assert series.name == payload["name"]
    assert [tilt.source.path.name for tilt in series.tilts] == payload["movies"]
    assert [f"{exclusion.name}.tif" for exclusion in series.excluded] == payload["missing"]


def test_two_watchers_of_one_folder_tell_each_file_once(watching, ledger, folder, write, write_mdoc):
    other = type(watching)(ledger, folder)
    write(*TILTS)
    write_mdoc("TS_01.mdoc", TILTS)
    for _ in range(60):
        watching.look()
        other.look()
    assert sorted(one.key for one in watching.told + other.told) == sorted(map(str, folder.iterdir()))
