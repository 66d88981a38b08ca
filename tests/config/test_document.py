"""The example is made from the schema, can be used as it stands, and stays usable whatever is uncommented."""

import re
import tomllib
from pathlib import Path

from tests.config.configuration import written
from timetable_sync.config.column_names import KNOWN_COLUMNS
from timetable_sync.config.document import example
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
