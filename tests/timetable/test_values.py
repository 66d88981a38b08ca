"""What drivers give, as text, sets and truths."""
# ruff: noqa: DTZ001 - datetimes without a zone are what drivers give

import uuid
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.timetable.values import decoded, name_in, prose_in, several_in, written, yes_or_no


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  COMP101 ", "COMP101"),
        (101, "101"),
        (101.0, "101"),
        (Decimal("101.00"), "101"),
        (Decimal("1E+2"), "100"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.5"),
        (0, "0"),
        (Decimal("0E-8"), "0"),
        (True, "true"),
        (False, "false"),
        (b"COMP101   ", "COMP101"),
        (bytearray(b"x"), "x"),
        (memoryview(b"x"), "x"),
        ("Café".encode("cp1252"), "Café"),
        ("Café".encode(), "Café"),
        (datetime(2026, 11, 24, 9), "2026-11-24 09:00"),
        (datetime(2026, 11, 24, 9, 0, 7), "2026-11-24 09:00:07"),
        (date(2026, 11, 24), "2026-11-24"),
        (time(9), "09:00"),
        (["b", None, "a"], "b, a"),
        ({"b", "a"}, "a, b"),
        ({"b": 1, "a": "é"}, '{"a": "é", "b": 1}'),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (float("nan"), None),
        (Decimal("Infinity"), None),
        (None, None),
        ("  ", None),
        (b"          ", None),
        ([], None),
    ],
)
def test_the_same_content_is_the_same_text_from_every_database(cell: object, text: str | None) -> None:
    assert name_in(cell) == text


def test_a_number_beyond_reason_is_written_with_an_exponent_and_takes_no_memory() -> None:
    assert written(Decimal("1E+999999")) == "1E+999999"


@given(st.binary(max_size=50))
def test_any_bytes_are_some_text(raw: bytes) -> None:
    assert isinstance(decoded(raw), str)


@pytest.mark.parametrize(
    ("cell", "split", "texts"),
    [
        ("R1", None, ("R1",)),
        ("R1, R2", None, ("R1, R2",)),
        ("R2, R1,,R2 ", ",", ("R1", "R2")),
        (" , ;", ",", (";",)),
        (["R2", "R1", None, "R2"], None, ("R1", "R2")),
        (["R2;R1", "R3"], ";", ("R1", "R2", "R3")),
        (("x",), None, ("x",)),
        (None, ",", ()),
        (b"a|b", "|", ("a", "b")),
        (7, None, ("7",)),
        ("", None, ()),
    ],
)
def test_several_values_of_one_cell_are_a_sorted_set(cell: object, split: str | None, texts: tuple[str, ...]) -> None:
    assert several_in(cell, split, prose_in) == texts


@pytest.mark.parametrize("cell", [1, 1.0, True, "1", "Y", "y ", "yes", "TRUE", "t", b"\x01", b"Y", Decimal(1)])
def test_yes_is_said_in_many_ways(cell: object) -> None:
    assert yes_or_no(None)(cell)


@pytest.mark.parametrize("cell", [0, False, None, "", "0", "N", "no", b"\x00", "X", 2])
def test_all_else_is_no(cell: object) -> None:
    assert not yes_or_no(None)(cell)


def test_configured_codes_count_exactly() -> None:
    cancelled = yes_or_no(["X", 3, True])
    assert [cancelled(cell) for cell in ("X", "X ", 3, "3", 3.0, True, 1, "true")] == [True] * 8
    assert [cancelled(cell) for cell in ("x", "XX", 30, False, 0, None, "")] == [False] * 7
