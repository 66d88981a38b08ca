"""Databases' words on one line, without secrets."""

import pytest
from sqlalchemy.exc import OperationalError

from timetable_sync.timetable.database_errors import advice, plainly


def said(*words: object) -> OperationalError:
    return OperationalError("SELECT a very long query", {}, Exception(*words))


def test_the_drivers_sentence_is_one_line_and_the_query_is_not_repeated() -> None:
    error = said('column "x" does not exist\nLINE 1: SELECT x FROM y\n               ^\nHINT:  Perhaps you meant z.')
    assert plainly(error) == 'column "x" does not exist HINT: Perhaps you meant z.'
    assert "mend timetable.query" in advice(error)


def test_pymysqls_number_is_left_out() -> None:
    error = said(1045, "Access denied for user 'reader'@'host' (using password: YES)")
    assert plainly(error).startswith("Access denied for user 'reader'")
    assert "timetable.password" in advice(error)


@pytest.mark.parametrize(
    "text", ["no luck with hush-9 there", "postgresql://reader:hush-9@db/x", "password=hush-9 host=db", "hush-9hush-9"]
)
def test_a_password_is_taken_out_wherever_a_driver_puts_it(text: str) -> None:
    assert "hush" not in plainly(said(text), ["hush-9"])


def test_a_password_in_a_url_goes_even_if_it_is_not_ours() -> None:
    assert "other" not in plainly(said("could not proxy to postgresql://someone:other@db/x"))


def test_a_driver_that_says_nothing_is_named_and_one_that_says_too_much_is_cut() -> None:
    assert plainly(said()) == "Exception"
    assert len(plainly(said("x" * 5_000))) == 300
