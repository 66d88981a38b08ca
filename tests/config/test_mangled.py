"""Whatever stands in a configuration or the environment: it can be used, or the error is ours. Never anything else."""

import string
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.config.configuration import SHORTEST
from timetable_sync.config.environment import variable_of
from timetable_sync.config.errors import ConfigurationError
from timetable_sync.config.load import Loaded, load
from timetable_sync.config.schema import fixed_keys
from timetable_sync.config.toml_values import toml_key, toml_value

SECRET = "hunter2"

_TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "off", "3 hours", "10 %", "file:x", "file:", "sqlite:///x", "a@b", "*", "*@b.c", "{{ x }}", "{{", "0 2 * * *"]
    ),
    st.sampled_from(
        ["https://x", "http://x", "http://[", "UTC", "PS256", "mailbox", "99999999999 weeks", "a\0b", "~", "\u202e", "x" * 300]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
_VALUES = st.recursive(
    st.one_of(_TEXTS, st.integers(-(2**70), 2**70), st.booleans(), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(["file", "env", "column", "share", "when", "values", "many"]), _TEXTS), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
_PATHS = st.one_of(
    st.sampled_from([*fixed_keys()]),
    st.tuples(st.just("timetable"), st.just("columns"), st.one_of(st.sampled_from(["end", "title", "cancelled", "duration"]), _TEXTS)),
    st.lists(st.one_of(st.sampled_from(["timetable", "event", "rules", "run"]), _TEXTS), min_size=1, max_size=3).map(tuple),
)
_TELLING = {"url", "password", "key", "certificate", "passphrase", "authority", "endpoint"}
_REMOVED = object()
_MANGLES = st.lists(st.tuples(_PATHS, st.one_of(st.just(_REMOVED), _VALUES)), max_size=6)
_VARIABLES = st.dictionaries(
    st.one_of(
        st.sampled_from([variable_of(path) for path in fixed_keys()]),
        st.sampled_from(
            ["TIMETABLE_SYNC_TIMETABLE__COLUMNS__END", "TIMETABLE_SYNC_EVENT__RULES__1__WHEN", "TIMETABLE_SYNC_EVENT__RULES__1"]
        ),
        st.text(string.ascii_uppercase + "_1", max_size=8).map(lambda tail: f"TIMETABLE_SYNC_{tail}"),
    ),
    st.one_of(_TEXTS, _VALUES.map(toml_value), st.text(max_size=5)),
    max_size=4,
)


def _mangled(mangles: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    document = tomllib.loads(SHORTEST)
    for path, value in mangles:
        node: Any = document
        for part in path[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                break
        else:
            node.pop(path[-1], None)
            if value is not _REMOVED:
                node[path[-1]] = value
    return document


def _judged(text: bytes, environ: dict[str, str]) -> Loaded | ConfigurationError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "timetable-sync.toml")
        path.write_bytes(text)
        try:
            return load(path, environ)
        except ConfigurationError as error:
            assert error.problems
            lines = error.message.splitlines()
            assert len(lines) == (1 if len(error.problems) == 1 else 1 + len(error.problems))
            assert all(line.isprintable() for line in lines)
            assert "Input should" not in error.message
            assert "Value error" not in error.message
            error.message.encode()
            return error


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_MANGLES, _VARIABLES)
@example([(("event", "rules"), [{"when": {"title": "x"}, "reminder": "1 day"}])], {"TIMETABLE_SYNC_EVENT__RULES__1__WHEN": "5"})
@example([(("timetable", "weeks", "axis", "first"), _REMOVED)], {})
@example([], {"TIMETABLE_SYNC_REPORT__DIRECTORY": "x" * 300})
@example([(("timetable",), 5)], {"TIMETABLE_SYNC_TIMETABLE__URL": "x"})
@example([(("timetable", "columns"), [{}])], {"TIMETABLE_SYNC_TIMETABLE__COLUMNS__END": "x"})
def test_a_mangled_configuration_is_used_or_refused(mangles: list[tuple[tuple[str, ...], Any]], environ: dict[str, str]) -> None:
    text = "\n".join(f"{toml_key(name)} = {toml_value(value)}" for name, value in _mangled(mangles).items())
    found = _judged(text.encode(), environ)
    assert isinstance(found, (Loaded, ConfigurationError))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))), st.booleans())
def test_so_is_anything_that_is_no_configuration(content: bytes, after: bool) -> None:
    found = _judged(SHORTEST.encode() + content if after else content, {})
    assert isinstance(found, (Loaded, ConfigurationError))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([path for path in fixed_keys() if _TELLING & set(path)]),
    st.sampled_from([SECRET, f"postgresql://u:{SECRET}@db/x", f"https://u:{SECRET}@host/", f"x?pwd={SECRET}"]),
    st.sampled_from(["{}", "[{}]", "{{ value = {} }}", "{{ file = [{}] }}"]),
)
def test_a_secret_is_not_repeated_from_keys_that_could_hold_one(path: tuple[str, ...], secret: str, form: str) -> None:
    value = form.format(toml_value(secret))
    found = _judged(SHORTEST.encode(), {variable_of(path): value})
    assert isinstance(found, Loaded) or SECRET not in f"{found.message} {found!r}"
