"""What is in force is shown whole, as a configuration that means the same, with the origin of every value."""

import json
import tomllib
from pathlib import Path

from tests.config.configuration import read, with_line
from timetable_sync.config.document import as_toml, as_values, example
from timetable_sync.config.load import load
from timetable_sync.config.toml_positions import effective

RICH = (
    with_line("timetable", 'password = { env = "DB" }\nperiod = "2026/27"').replace(
        'title = "module_title"',
        'title = "module_title"\nrooms = { column = "room", many = true }\ncancelled = { column = "x", values = ["X", 1] }',
    )
    + """
[guards]
deletes_in_run = { share = "5 %", at_most = 100 }
[event]
subject = '{{ title }} "#1"'
[[event.rules]]
when = { title = ["A", "B*"] }
reminder = "1 day"
[[event.rules]]
when = { rooms = "R1" }
categories = []
"""
)


def test_what_is_shown_can_be_used_and_means_the_same(tmp_path: Path) -> None:
    loaded = read(tmp_path, RICH, {"TIMETABLE_SYNC_RUN__DEADLINE": "1 hour", "TIMETABLE_SYNC_STATE__URL": "sqlite:///s.db"})
    copy = tmp_path / "copy.toml"
    copy.write_text(as_toml(loaded), "utf-8")
    again = load(copy, {})
    assert again.settings == loaded.settings


def test_each_line_says_where_its_value_came_from(tmp_path: Path) -> None:
    lines = [" ".join(line.split()) for line in as_toml(read(tmp_path, RICH, {"TIMETABLE_SYNC_RUN__DEADLINE": "1 hour"})).splitlines()]
    assert 'deadline = "1 hour" # TIMETABLE_SYNC_RUN__DEADLINE' in lines
    assert 'password = { env = "DB" } # timetable-sync.toml:2' in lines
    assert 'rooms = { column = "room", many = true } # timetable-sync.toml:13' in lines
    assert 'deletes_in_run = { share = "5 %", at_least = 10, at_most = 100 } # timetable-sync.toml:24' in lines
    assert "calendars_at_once = 8 # default" in lines
    assert "# key is not set" in lines
    assert lines.count("[[event.rules]]") == 2


def test_a_value_made_of_two_origins_names_both(tmp_path: Path) -> None:
    shown = as_toml(read(tmp_path, RICH, {"TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN__AT_LEAST": "1"}))
    assert "# timetable-sync.toml:24, TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN__AT_LEAST" in shown


def test_the_example_shows_as_itself(tmp_path: Path) -> None:
    path = tmp_path / "timetable-sync.toml"
    path.write_text(example(), "utf-8")
    loaded = load(path, {}, files=False)
    shown = tomllib.loads(as_toml(loaded))
    assert shown["timetable"]["columns"] == tomllib.loads(example())["timetable"]["columns"]


def test_as_json_it_has_a_schema_number_and_an_origin_for_every_value(tmp_path: Path) -> None:
    loaded = read(tmp_path, RICH)
    values = json.loads(json.dumps(as_values(loaded)))
    assert values["schema"] == 1
    assert values["path"] == f"{tmp_path}/timetable-sync.toml"
    assert values["settings"]["run"]["deadline"] == "3 hours"
    assert values["settings"]["timetable"]["password"] == {"file": None, "env": "DB", "credential": None}
    assert values["origins"]["event.rules[1].when.title"] == "timetable-sync.toml:28"
    assert values["settings"] == effective(loaded.settings)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2", "utf-8")
    secret.chmod(0o600)
    text = with_line("timetable", "password = { file = 'password' }").replace("[calendars]", 'many = "x"\n[calendars]')
    loaded = read(
        tmp_path, text + "[state]\nurl = 'sqlite:///s.db'\npassword = { env = 'TIMETABLE_SYNC_PW' }\n", {"TIMETABLE_SYNC_PW": "hunter3"}
    )
    for shown in (as_toml(loaded), json.dumps(as_values(loaded)), repr(loaded)):
        assert "hunter" not in shown
