"""The example can be used as it stands and whatever is uncommented; what is in force is shown whole, with the origin of every value."""

import json
import re
import tomllib
from pathlib import Path

from tests.config.configuration import read, with_line, written
from timetable_sync.config.column_names import KNOWN_COLUMNS
from timetable_sync.config.document import as_toml, as_values, example
from timetable_sync.config.load import load
from timetable_sync.config.schema import fixed_keys
from timetable_sync.config.toml_positions import effective
from timetable_sync.config.toml_values import toml_value

ROOT = Path(__file__).parents[2]

#: Either of a pair, never both.
_INSTEAD = ("key", "duration", "date", "begins")

#: The same, of keys that are no columns.
_INSTEAD_LINES = ("#secret = ", '#user = "EXAMPLE', '#password = { credential = "exchange')


def test_what_stands_in_config_is_the_example() -> None:
    assert (ROOT / "config" / "timetable-sync.toml").read_text("utf-8") == example(), (
        "make it anew: timetable-sync config example > config/timetable-sync.toml"
    )


def test_it_can_be_used_as_it_stands(tmp_path: Path) -> None:
    settings = load(written(tmp_path, example()), {}, files=False).settings
    assert settings.timetable.columns.keys() == {"activity", "calendar", "start", "end", "title"}


def test_what_is_not_commented_out_is_the_shortest_useful_file(tmp_path: Path) -> None:
    bare = "\n".join(line for line in example().splitlines() if not line.startswith("#"))
    assert effective(load(written(tmp_path, bare), {}, files=False).settings) == effective(
        load(written(tmp_path, example()), {}, files=False).settings
    )
    keys = {f"{section}.{key}" for section, table in tomllib.loads(bare).items() for key in table}
    assert keys == {
        "timetable.url",
        "timetable.time_zone",
        "timetable.query",
        "timetable.columns",
        "calendars.address",
        "calendars.allow",
        "entra.tenant",
        "entra.client",
        "entra.certificate",
    }


def test_all_of_it_can_be_used_once_uncommented(tmp_path: Path) -> None:
    left_out = [f"#{name} = {toml_value(KNOWN_COLUMNS[name][1])}" for name in _INSTEAD]
    kept = [line for line in example().splitlines() if line not in left_out and not line.startswith(_INSTEAD_LINES)]
    lines = [re.sub(r"^#(?=\S)", "", line) for line in kept]
    settings = load(written(tmp_path, "\n".join(lines)), {}, files=False).settings
    assert settings.event.rules[0].when == {"type": "Exam"}
    assert settings.timetable.columns.keys() == KNOWN_COLUMNS.keys() - set(_INSTEAD)
    assert settings.application.key is not None


def test_every_key_of_the_schema_stands_in_it() -> None:
    shown = tomllib.loads(re.sub(r"(?m)^#(?=\S)", "", example()))
    for path in fixed_keys():
        if len(path) == 2:
            assert path[1] in shown[str(path[0])], path


def test_commented_keys_show_their_default_unless_they_say_otherwise(tmp_path: Path) -> None:
    values = effective(load(written(tmp_path, example()), {}, files=False).settings)
    section, judged = "", 0
    for block in example().split("\n\n"):
        if heading := re.search(r"(?m)^\[([\w.]+)\]$", block):
            section = heading[1]
        line = re.search(r"(?m)^#(\w+) = .*$", block)
        if line is None or section not in values or "[[" in block or "for example:" in block.replace("\n# ", " "):
            continue
        default = values[section][line[1]]
        kept = {name: value for name, value in default.items() if value is not None} if isinstance(default, dict) else default
        assert tomllib.loads(line[0][1:]) == {line[1]: kept}
        judged += 1
    assert judged > 30


def test_it_is_plain_text_of_readable_lines() -> None:
    # A shell may save what it prints in another encoding, and a configuration must be UTF-8.
    assert example().isascii()
    assert all(len(line) <= 130 and line == line.rstrip() for line in example().splitlines())


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
