"""Keys are found on their lines, whatever stands around them."""

import string
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.config.toml_positions import Places, dotted, lines_of
from timetable_sync.config.toml_values import toml_key, toml_value

TRICKY = '''\
# url = "not this"
title = "a # in text"
"quoted key" = 1
[timetable] # a comment = 1
url = "x"
query = """
SELECT [brackets]
time_zone = 'not this'
[entra]
\\""" still text """ # comment
time_zone = 'z'
literal = \'\'\'
key = 1
[[x]]\'\'\'\'\'
after . "the.dot" = 5
columns.start.column = "s"
dates = 1979-05-27 07:32:00Z

[[event.rules]]
when = { type = "Exam", "a]b" = [ "}" ] }
[[event.rules]]
[event.rules.when]
type = [
  "one", # ]
  { a = 1,
    b = 2 } , ]
[ event . "more" ]
last = true
'''


def test_the_lines_of_a_tricky_file() -> None:
    text = TRICKY.replace("    b = 2", "b = 2").replace("{ a = 1,\nb = 2 }", "{ a = 1, b = 2 }")
    tomllib.loads(text)
    lines = {dotted(path): line for path, line in lines_of(text).items()}
    wanted = {
        "title": 'title = "a # in text"',
        '"quoted key"': '"quoted key" = 1',
        "timetable": "[timetable] # a comment = 1",
        "timetable.url": 'url = "x"',
        "timetable.query": 'query = """',
        "timetable.time_zone": "time_zone = 'z'",
        "timetable.literal": "literal = '''",
        "timetable.after": 'after . "the.dot" = 5',
        'timetable.after."the.dot"': 'after . "the.dot" = 5',
        "timetable.columns.start.column": 'columns.start.column = "s"',
        "timetable.dates": "dates = 1979-05-27 07:32:00Z",
        "event.rules[1]": "[[event.rules]]",
        "event.rules[1].when.type": 'when = { type = "Exam", "a]b" = [ "}" ] }',
        'event.rules[1].when."a]b"[1]': 'when = { type = "Exam", "a]b" = [ "}" ] }',
        "event.rules[2].when": "[event.rules.when]",
        "event.rules[2].when.type": "type = [",
        "event.rules[2].when.type[1]": '  "one", # ]',
        "event.rules[2].when.type[2].b": "  { a = 1, b = 2 } , ]",
        "event.more": '[ event . "more" ]',
        "event.more.last": "last = true",
    }
    found = {key: text.splitlines()[lines[key] - 1] if key in lines else None for key in wanted}
    assert found == wanted
    assert lines["event.rules[2]"] == lines["event.rules[1]"] + 2
    assert "entra" not in lines
    assert "x[1]" not in lines


def test_windows_line_ends_count_once() -> None:
    assert lines_of("a = 1\r\n\r\nb = '''x\r\ny'''\r\nc = 2\r\n") == {("a",): 1, ("b",): 3, ("c",): 5}


def test_a_missing_key_is_looked_for_in_its_table() -> None:
    places = Places(Path("/etc/sync.toml"), "[entra]\ntenant = 'x'\n")
    assert places.of(("entra", "tenant")) == "/etc/sync.toml:2"
    assert places.of(("entra", "client")) == "/etc/sync.toml:1"
    assert places.of(("timetable",)) == "/etc/sync.toml"
    assert places.of(("entra", "tenant"), short=True) == "sync.toml:2"


def test_what_the_environment_set_is_no_longer_the_files() -> None:
    places = Places(Path("x.toml"), "[window]\nfuture = '1 day'\npast = '1 day'\n")
    places.set_by(("window",), "THE_VARIABLE")
    assert places.of(("window", "future")) == "THE_VARIABLE"


def test_places_in_lists_count_from_one_and_odd_keys_are_quoted() -> None:
    assert dotted(("event", "rules", 0, "when", 'a "b"')) == 'event.rules[1].when."a \\"b\\""'


_KEYS = st.text(string.ascii_lowercase + ".\"'=#[] \\\n", min_size=1, max_size=5)
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_VALUES = st.recursive(
    st.one_of(_TEXTS, st.integers(-5, 5), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(_KEYS, st.dictionaries(_KEYS, _VALUES, max_size=4), max_size=4))
def test_every_key_of_any_document_is_found_on_the_line_it_was_written(document: dict[str, dict[str, Any]]) -> None:
    lines: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}

    def note(path: tuple[str | int, ...], value: object, line: int) -> None:
        expected[path] = line
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
            note((*path, part), inner, line)

    for name, table in document.items():
        lines.append(f"[{toml_key(name)}] # = [[")
        expected[(name,)] = len(lines)
        for key, value in table.items():
            lines.append(f"{toml_key(key)} = {toml_value(value)}")
            note((name, key), value, len(lines))
    text = "\n".join(lines)
    assert tomllib.loads(text) == document
    assert lines_of(text) == expected


@given(st.text(string.ascii_lowercase[:3] + "=.[]{}\"',#\n\\ 1", max_size=60))
def test_lines_lie_within_the_text_of_any_toml(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in _lines_or_none(text).values())


def _lines_or_none(text: str) -> dict[tuple[str | int, ...], int]:
    """Only what tomllib takes is ever looked through."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    return lines_of(text)
