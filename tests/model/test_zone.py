"""A time zone's name may come from any cell of anybody's timetable."""

from zoneinfo import available_timezones

import pytest

from timetable_sync.model.window import zone_named


def test_every_zone_there_is_is_found_by_its_name() -> None:
    assert {zone_named(name).key for name in available_timezones()} == available_timezones()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/Atlantis",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/..",
        "\x00",
        "a" * 5_000,
        "É",
        "\ud800",
        "__init__.py",
        # Found by fuzzing: the package of the zone database is imported step by step, as deep as the name says.
        "a/" * 400 + "b",
    ],
)
def test_any_other_text_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone has"):
        zone_named(name)
