"""What is written as TOML reads as the same."""

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.config.toml_values import toml_key, toml_value

_TEXTS = st.text(st.characters(codec="utf-8"))


@given(
    st.recursive(
        st.one_of(_TEXTS, st.integers(), st.booleans(), st.floats(allow_nan=False)),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_TEXTS, inner, max_size=4)),
        max_leaves=10,
    )
)
def test_any_value_comes_back(value: Any) -> None:
    assert tomllib.loads(f"it = {toml_value(value)}")["it"] == value


@given(_TEXTS)
def test_any_key_comes_back(key: str) -> None:
    assert tomllib.loads(f"{toml_key(key)} = 1") == {key: 1}


def test_a_path_is_text_and_what_is_none_is_left_out() -> None:
    assert toml_value({"file": Path("/a b"), "env": None}) == '{ file = "/a b" }'
    assert toml_value({}) == "{}"
