"""``timetable show``, ``check`` and ``query``, as they are typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import typed
from tests.preview.college import CONFIGURATION, NOW, made


@pytest.fixture(autouse=True)
def college(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small college, in the working folder. There is no certificate, no state and no network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIMETABLE_SYNC_CONFIG", raising=False)
    made(tmp_path)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert typed("timetable", *words) == code, capsys.readouterr().err
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(capsys, *words, "--format", "json", code=code))
    assert found["schema"] == 1
    return found


def test_show_has_a_line_a_calendar_and_says_which_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "show", "--now", NOW).splitlines()

    assert lines[0] == "Timetable timetable   1 Oct 2026 - 30 Mar 2027   Europe/London"
    assert lines[1] == "  9 rows, 7 lessons; in these days 7 events in 3 calendars, 1 row set aside"
    assert [" ".join(line.split()) for line in lines[3:]] == [
        "calendar address events first last written",
        "COMP101 comp101@groups.example.ac.uk 3 Tue 13 Oct 2026 09:00 Tue 20 Oct 2026 09:00 yes",
        "MATH101 math101@groups.example.ac.uk 3 Wed 14 Oct 2026 09:00 Sun 25 Oct 2026 01:15 BST report only",
        "PHYS102 phys102@groups.example.ac.uk 1 Thu 15 Oct 2026 09:00 Thu 15 Oct 2026 09:00 not allowed",
    ]


def test_show_by_day_counts_events_and_calendars(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "show", "--now", NOW, "--by", "day", "--limit", "2").splitlines()

    assert [line.split() for line in lines[4:]] == [
        ["Tue", "2026-10-13", "2", "1", "09:00", "11:00"],
        ["Wed", "2026-10-14", "2", "1", "09:00", "17:30"],
        ["...", "3", "more", "days:", "--limit", "0", "shows", "all"],
    ]


def test_show_lists_the_events_of_a_calendar_or_a_day_with_their_keys(capsys: pytest.CaptureFixture[str]) -> None:
    of_calendar = printed(capsys, "show", "--now", NOW, "--calendar", "comp*").splitlines()[4:]
    assert [line.split("  ")[0] for line in of_calendar] == [
        "Tue 13 Oct 2026 09:00 - 10:00", "Tue 13 Oct 2026 09:30 - 11:00", "Tue 20 Oct 2026 09:00 - 10:00"
    ]  # fmt: skip
    assert of_calendar[0].endswith("Logic    R1, R2    A%2F1/2026-W42/1")

    of_day = document(capsys, "show", "--day", "2026-10-14")["events"]
    assert [(event["calendar"], event["subject"], event["start"]) for event in of_day] == [
        ("MATH101", "Placeholder", "2026-10-14T09:00:00+01:00"),
        ("MATH101", "Field day", "2026-10-14T09:30:00+01:00"),
    ]


def test_days_take_the_place_of_the_nights_window(capsys: pytest.CaptureFixture[str]) -> None:
    shown = document(capsys, "show", "--by", "event", "--from", "2026-10-14", "--to", "2026-10-15")

    assert [event["subject"] for event in shown["events"]] == ["Placeholder", "Field day", "Optics"]
    assert shown["window"] == {"start": "2026-10-14T00:00:00+01:00", "end": "2026-10-16T00:00:00+01:00"}


def test_a_limit_in_json_says_how_many_were_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    shown = document(capsys, "show", "--now", NOW, "--by", "event", "--limit", "3")

    assert (len(shown["events"]), shown["left_out"]) == (3, 4)


@pytest.mark.parametrize(
    "key", ["A/1/2026-W42/1", "A%2F1/2026-W42/1", "timetable/2026%2F27/A%2F1/2026-W42/1"], ids=["typed", "short", "whole"]
)
def test_one_event_is_shown_in_full_with_the_rows_it_came_from(capsys: pytest.CaptureFixture[str], key: str) -> None:
    shown = document(capsys, "show", "--now", NOW, "--event", key)

    assert [(event["calendar"], event["subject"], event["location"]) for event in shown["events"]] == [("COMP101", "Logic", "R1, R2")]
    assert shown["lesson"]["columns"] == {"rooms": ["R1", "R2"], "title": "Logic"}
    assert [(row["row"], row["cells"]["room"], row["cells"]["starts"]) for row in shown["rows"]] == [
        (1, "R1", "2026-10-13 09:00"),
        (2, "R2", "2026-10-13 09:00"),
    ]
    text = printed(capsys, "show", "--now", NOW, "--event", key)
    assert "  row 2 of timetable.query\n    activity  A/1\n" in text
    assert "    when         Tue 13 Oct 2026 09:00 - 10:00\n" in text


def test_an_activity_with_several_events_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "show", "--now", NOW, "--event", "A/1").splitlines()

    assert lines[0] == "2 events fit; name one of them by its key:"
    assert [line.rsplit(" ", 1)[1] for line in lines[3:]] == ["A%2F1/2026-W42/1", "A%2F1/2026-W43/1"]


def test_what_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("timetable", "show", "--now", NOW, "--event", "Z") == 2
    assert capsys.readouterr().err.startswith('timetable-sync: no event "Z" in these days and calendars\n')
    assert printed(capsys, "show", "--now", NOW, "--calendar", "nix").endswith(
        "No calendar of the timetable has a name or address like nix\n"
    )
    assert printed(capsys, "show", "--day", "2026-12-25").endswith("No event in these days\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--day", "tomorrow"), '--day: "tomorrow" is not a day'),
        (("--day", "2026-10-13", "--to", "2026-10-14"), "--day goes neither with --from nor with --to"),
        (("--from", "2026-10-14", "--to", "2026-10-13"), "the days that are asked for end before they begin"),
        (("--now", "soon"), '--now: "soon" is not a time'),
    ],
)
def test_a_mistake_in_the_days_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    assert typed("timetable", "show", *words) == 2
    assert capsys.readouterr().err.startswith(f"timetable-sync: {said}")


def test_check_says_what_is_wrong_and_what_was_looked_for_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "check", "--now", NOW, "--short", "1 second", code=1)

    assert (
        "Rows set aside: 1\n  their events stay as they are\n        1 end before start\n    row 9, ends: end before start  G Backwards\n"
        in text
    )
    assert "Calendars that cannot be written: 1\n" in text
    assert "Nothing of this kind\n" in text
    assert "  Lessons that are very short (less than 1 second)\n" in text


def test_check_as_json_has_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "check", "--now", NOW, code=1)

    counts = {finding["kind"]: finding["count"] for finding in found["findings"]}
    assert counts == {
        "bad_rows": 1, "unmapped_calendars": 1, "overlaps": 1, "changed_keys": 0, "in_no_calendar": 0, "missing_rooms": 2, "too_short": 1,
        "too_long": 1, "clock_change": 1,
    }  # fmt: skip


def test_check_ends_with_0_where_a_night_would(capsys: pytest.CaptureFixture[str], college: Path) -> None:
    (college / "timetable-sync.toml").write_text(CONFIGURATION.replace("*01@", "*@"), "utf-8")
    (college / "timetable.sql").write_text("SELECT * FROM meeting WHERE ends > starts", "utf-8")

    assert "Rows set aside" in printed(capsys, "check", "--now", NOW)


def test_a_length_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("timetable", "check", "--long", "ages") == 2
    assert capsys.readouterr().err.startswith("timetable-sync: --long: must be a duration")


def test_query_prints_the_sql_and_connects_to_nothing(capsys: pytest.CaptureFixture[str], college: Path) -> None:
    (college / "timetable.db").unlink()

    text = printed(capsys, "query")
    assert text.splitlines() == [f"-- timetable.query, from {college / 'timetable.sql'} (sqlite)", "-- all of it", "SELECT * FROM meeting;"]
    (statement,) = document(capsys, "query")["statements"]
    assert statement["sql"] == "-- all of it\nSELECT * FROM meeting"


def test_a_timetable_that_cannot_be_read_is_one_line_and_exit_code_4(capsys: pytest.CaptureFixture[str], college: Path) -> None:
    (college / "timetable.db").unlink()

    for command in ("show", "check"):
        assert typed("timetable", command) == 4
        assert "is not there\n" in capsys.readouterr().err
