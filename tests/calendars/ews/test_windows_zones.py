"""Every zone that people live in has a name that Exchange knows."""

from zoneinfo import available_timezones

from timetable_sync.calendars.ews.windows_zones import windows_zone


def test_zones_have_windows_names() -> None:
    assert windows_zone("Europe/London") == "GMT Standard Time"
    assert windows_zone("Europe/Kyiv") == windows_zone("Europe/Kiev") == "FLE Standard Time"
    assert windows_zone("Australia/Sydney") == "AUS Eastern Standard Time"
    assert windows_zone("UTC") == "UTC"
    assert windows_zone("Mars/Olympus_Mons") is None


def test_no_zone_of_the_database_is_left_out() -> None:
    assert {name for name in available_timezones() if windows_zone(name) is None} <= {"localtime", "Factory"}
