"""The calendar of EWS's end: which day it is, whom it concerns, and what to type."""

from datetime import date

import pytest

from timetable_sync.config.schema import Settings
from timetable_sync.doctor.ews_end import end_of_ews
from timetable_sync.doctor.results import Level


def settings(**ews: object) -> Settings:
    return Settings.model_validate(
        {
            "timetable": {
                "url": "sqlite:///t.db",
                "time_zone": "Europe/London",
                "query": "SELECT 1",
                "columns": {"activity": "a", "calendar": "c", "start": "s", "end": "e", "title": "t"},
            },
            "calendars": {"address": "{{ calendar }}@example.ac.uk", "allow": ["*@example.ac.uk"]},
            "entra": {"tenant": "t", "client": "the-client-id", "certificate": {"file": "/c.pem"}},
            "ews": ews,
        }
    )


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 9, 30), "from 1 Oct 2026 on only applications on the tenant's list"),
        (date(2026, 10, 1), "since 1 Oct 2026; gone from Exchange Online in 182 days, on 1 Apr 2027"),
        (date(2027, 3, 31), "in 1 day,"),
        (date(2027, 4, 1), "has had no EWS since 1 Apr 2027"),
    ],
)
def test_exchange_online_is_told_which_day_it_is(today: date, said: str) -> None:
    finding = end_of_ews(settings(), today)
    assert finding.level is Level.WARNING
    assert said in finding.said
    if today < date(2027, 4, 1):
        assert 'EwsAllowedAppIDs "the-client-id"' in finding.advice
        assert "whole list" in finding.advice
    else:
        assert "Graph" in finding.advice


@pytest.mark.parametrize(
    "ews",
    [
        {"endpoint": "https://mail.example.ac.uk/EWS/Exchange.asmx"},
        {"endpoint": "https://mail.example.ac.uk/EWS/Exchange.asmx", "sign_in": "ntlm", "user": "a", "password": {"env": "P"}},
    ],
)
def test_a_server_of_ones_own_is_not_concerned(ews: dict[str, object]) -> None:
    finding = end_of_ews(settings(**ews), date(2028, 1, 1))
    assert (finding.level, finding.facts["concerned"]) == (Level.PASS, False)
