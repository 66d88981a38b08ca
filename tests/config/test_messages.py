"""Each kind of mistake is said in plain words: what it must be, what it is, and the nearest right thing."""

from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, complaint, refusal, with_line


@pytest.mark.parametrize(
    ("section", "line", "said"),
    [
        ("run", 'calendars_at_once = "8"', 'run.calendars_at_once must be a whole number, without quotes, not "8"'),
        ("run", "calendars_at_once = 8.5", "run.calendars_at_once must be a whole number, without quotes, not the number 8.5"),
        ("run", "calendars_at_once = true", "run.calendars_at_once must be a whole number, without quotes, not true"),
        ("run", "calendars_at_once = 0", "run.calendars_at_once must be at least 1, not 0"),
        ("run", "calendars_at_once = nan", "run.calendars_at_once must be a whole number, without quotes, not the number nan"),
        ("run", "deadline = 3", 'run.deadline must be a duration in quotes with its unit, as in "3 hours"'),
        ("run", 'deadline = "0 hours"', "run.deadline must be longer than nothing"),
        ("run", 'deadlin = "3 hours"', 'run.deadlin is not a key; did you mean "deadline"?'),
        ("run", "batch = 5", "run.batch is not a key here; it belongs under [ews]"),
        ("run", "zebra = 5", "run.zebra is not a key; there are: calendars_at_once, deadline"),
        ("run", "time_zone = 5", "run.time_zone is not a key; there are: calendars_at_once, deadline"),
        ("ews", 'version = "Exchange2017"', 'or "Exchange2016", not "Exchange2017"; did you mean "Exchange2016"?'),
        ("ews", "version = 2016", 'or "Exchange2016", not the number 2016'),
        ("event", "busy = []", '"out-of-office" or "working-elsewhere", not a list'),
        ("event", "subject = 2026-11-24", "event.subject must be text in quotes, not a date or time"),
        ("event", 'categories = "Timetable"', 'event.categories must be a list, as in ["…", "…"], not "Timetable"'),
        ("event", 'categories = ["a", 5]', "event.categories[2] must be text in quotes, not the number 5"),
        ("event", "reminder = 15", 'event.reminder must be "off", or how long before the start, as in "15 minutes"'),
        ("event", "rules = [5]", "event.rules[1] must be a table, as in { … = … }, not the number 5"),
        ("event", "rules = [{ busy = 'free' }]", 'event.rules[1].when is missing; write it as in: when = { type = "Exam" }'),
        ("event", "rules = [{ when = {} }]", "event.rules[1].when must not be empty"),
        ("event", "rules = [{ when = { title = 5 } }]", "event.rules[1].when.title must be text, or a list of texts"),
        (
            "guards",
            "deletes_in_run = 10",
            "guards.deletes_in_run must be text in quotes, or a table, as in { share = … }, not the number 10",
        ),
        ("guards", 'deletes_in_run = "10"', "guards.deletes_in_run must be a share in quotes with a percent sign"),
        ("guards", "deletes_in_run = { at_least = -1 }", "guards.deletes_in_run.at_least must be at least 0, not -1"),
        ("guards", 'shrunken_timetable = "120 %"', "guards.shrunken_timetable must be a share in quotes"),
        ("report", "directory = 5", "report.directory must be a path in quotes, not the number 5"),
        ("report", 'directory = ""', "report.directory must be a path"),
        ("calendars", "pilot = []", "calendars.pilot must not be empty"),
        ("entra", 'key = "key.pem"', "entra.key must be a reference to where the secret lies, never the secret itself: { file ="),
        ("entra", "passphrase = { file = 'a', env = 'B' }", "entra.passphrase must be exactly one of { file ="),
        ("entra", "key = { fiel = 'a' }", 'entra.key.fiel is not a key; did you mean "file"?'),
        ("window", 'future = "4000 days"', 'window.future must be at most "3653 days"'),
    ],
)
def test_a_mistake_is_said_in_plain_words(tmp_path: Path, section: str, line: str, said: str) -> None:
    message = refusal(tmp_path, with_line(section, line)).message
    assert said in message
    assert "Input should" not in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('tenant = "00000000-0000-0000-0000-000000000000"\n', "", 'entra.tenant is missing; write it as in: tenant = "00000000-'),
        ('allow = ["*@groups.example.ac.uk"]', "allow = []", "calendars.allow must not be empty"),
        ('allow = ["*@groups.example.ac.uk"]', 'allow = ["*"]', "calendars.allow[1] must be a pattern of addresses with a domain in it"),
        ('title = "module_title"', "title = 5", "timetable.columns.title must be text in quotes, or a table, as in { column = … }"),
        ('title = "module_title"', 'title = { column = "a", many = "yes" }', "title.many must be true or false, without quotes"),
        ('title = "module_title"', 'title = ""', "timetable.columns.title must not be empty"),
        ('title = "module_title"', 'title = "a"\nmodule-code = "b"', "timetable.columns.module-code cannot be a name in templates"),
        ("{{ calendar | lower }}", "{{ calendar | lower }", "calendars.address is not a template that can be used"),
    ],
)
def test_and_so_is_one_in_a_key_that_is_needed(tmp_path: Path, old: str, new: str, said: str) -> None:
    message = complaint(tmp_path, SHORTEST.replace(old, new))
    assert said in message


def test_a_misspelt_key_is_one_mistake_and_not_two(tmp_path: Path) -> None:
    said = complaint(tmp_path, SHORTEST.replace("time_zone", "timezone"))
    assert said == 'timetable-sync.toml:3: timetable.timezone is not a key; did you mean "time_zone"?'


def test_a_section_that_is_no_table_is_said_to_be_one(tmp_path: Path) -> None:
    assert "ews must be a table, as in [ews], not the number 5" in complaint(tmp_path, "ews = 5\n" + SHORTEST)
    assert 'run must be a table, as in [run], not "fast"' in complaint(tmp_path, 'run = "fast"\n' + SHORTEST)
    assert "run must be a table, as in [run], not a list" in complaint(tmp_path, "[[run]]\n" + SHORTEST)


def test_a_key_before_all_sections_is_told_where_it_belongs(tmp_path: Path) -> None:
    assert "deadline is not a section here; it belongs under [run]" in complaint(tmp_path, 'deadline = "1 hour"\n' + SHORTEST)
