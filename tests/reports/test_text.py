"""The text report: one screen for a terminal, everything for a file."""

from io import StringIO

import pytest

from tests.reports import summaries
from tests.reports.summaries import calendar, create, event, reported, summary
from timetable_sync.reports import text
from timetable_sync.reports.summary import CalendarReport, Outcome, RunSummary, Status, Trouble


def screen(run: RunSummary, *, colour: bool = False) -> str:
    out = StringIO()
    text.write_screen(run, out, colour=colour)
    return out.getvalue()


def whole(run: RunSummary) -> str:
    out = StringIO()
    text.write(run, out)
    return out.getvalue()


def test_an_ordinary_night_in_four_lines() -> None:
    assert screen(summaries.ordinary()) == (
        "Night of 24 Nov 2026, 02:00:04 - 02:03:51   run 318\n"
        "  11 calendars   51,691 events   window 24 Nov 2026 - 23 May 2027\n"
        "  3 calendars changed: 3 created, 6 updated, 3 deleted\n"
        "  8 unchanged, 0 held, 0 failed\n"
    )


def test_a_dry_run_says_that_nothing_was_written() -> None:
    said = screen(summaries.dry())
    assert said.startswith("Dry run of 24 Nov 2026")
    assert "1 calendar would be changed: 1 to be created, 2 to be updated, 1 to be deleted" in said
    assert "nothing was written" in said


def test_a_held_calendar_stands_under_needs_you_with_its_commands_in_a_column() -> None:
    lines = screen(summaries.everything()).splitlines()
    at = lines.index("  COMP999  held: 41 of 90 events would be deleted, the limit is 30 %, at least 5")
    assert lines[at + 1 : at + 3] == [
        "           look:    timetable-sync held COMP999",
        "           release: timetable-sync run --calendar COMP999 --force-guard deletes_in_calendar",
    ]
    assert lines.index("Needs you") < at < lines.index("Worth knowing")


def test_many_refused_events_are_cut_on_the_screen_and_all_in_the_file() -> None:
    trouble = Trouble("refused")
    lessons = [create(event(f"Lesson {number}")) for number in range(30)]
    changes = (*reported(*lessons[:27], fate=Outcome.FAILED, trouble=trouble), *reported(*lessons[27:]))
    run = summary(CalendarReport(calendar("X"), Status.FAILED, changes=changes, trouble=trouble), exit_code=1)
    assert "and 23 more" in screen(run)
    assert screen(run).count("Lesson") == 4
    assert all(f"Lesson {number}\n" in whole(run) for number in range(27))


def test_many_matters_are_cut_on_the_screen_and_all_in_the_file() -> None:
    failed = [CalendarReport(calendar(f"X{number}"), Status.FAILED, trouble=Trouble("gone")) for number in range(40)]
    run = summary(*failed, exit_code=1)
    assert "and 28 more" in screen(run)
    assert whole(run).count("failed: gone") == 40


def test_a_list_is_not_cut_to_save_a_single_line() -> None:
    failed = [CalendarReport(calendar(f"X{number}"), Status.FAILED, trouble=Trouble("gone")) for number in range(13)]
    assert screen(summary(*failed)).count("failed: gone") == 13


def test_the_file_has_every_change_old_and_new_with_its_reason() -> None:
    assert (
        "COMP101   comp101@groups.example.ac.uk   changed: 1 created, 2 updated, 1 deleted\n"
        "  ~ Tue 24 Nov 2026 09:00 - 10:00   COMP101 Lecture: Algorithms\n"
        "      time        Tue 24 Nov 2026 09:00 - 10:00  ->  Tue 24 Nov 2026 10:00 - 11:00\n"
        "      location    Room 1.01  ->  Room 3.07\n"
        "      the timetable changed\n"
    ) in whole(summaries.ordinary())


def test_the_file_tells_reasons_fates_and_what_was_left_alone() -> None:
    said = whole(summaries.everything())
    for words in (
        "someone edited it",
        "a duplicate",
        "the mapping changed",
        "not begun",
        "unclear",
        "left alone: someone made it a series",
    ):
        assert words in said


def test_colours_are_only_for_whoever_wants_them() -> None:
    assert "\x1b[1m" in screen(summaries.everything(), colour=True)
    assert "\x1b" not in screen(summaries.everything())


def test_timetable_text_cannot_control_the_terminal() -> None:
    for said in (screen(summaries.nasty()), whole(summaries.nasty())):
        assert not any(char < " " and char != "\n" for char in said)
        assert not any("\x7f" <= char < "\xa0" for char in said)
        assert "\u202e" not in said


def test_nothing_in_a_line_can_begin_another() -> None:
    clean, nasty = (whole(run).count("\n") for run in (summaries.ordinary(), summaries.nasty()))
    assert nasty > clean
    assert "\nsecond" not in whole(summaries.nasty())


@pytest.mark.parametrize("name", ["quiet", "ordinary", "everything", "run_held", "dry", "failed", "nasty"])
def test_every_night_can_be_written(name: str) -> None:
    run = getattr(summaries, name)()
    assert screen(run).encode("utf-8")
    assert whole(run).encode("utf-8")
