"""The table of Exchange's error codes."""

import re
from pathlib import Path

import pytest

from timetable_sync.calendars.ews.errors import VERDICTS, Complaint, Kind, judge
from timetable_sync.errors import CalendarError, ConflictError, EventRejected, OutcomeUnknown, ServiceError, TransientError

WHERE = "comp1511@groups.example.ac.uk"


def test_every_code_stands_in_microsofts_schema(ews_schemas: Path) -> None:
    schema = (ews_schemas / "online-V2018_01_08" / "messages.xsd").read_text(encoding="utf-8-sig")
    known = set(re.findall(r'enumeration value="(Error\w+)"', schema))
    assert sorted(set(VERDICTS) - known) == []


@pytest.mark.parametrize("code", VERDICTS)
def test_every_code_gives_one_line_that_names_where_and_the_code(code: str) -> None:
    for writing in (True, False):
        for scope in ("item", "request"):
            found = judge(Complaint(code, "Its words.\nMore."), WHERE, writing=writing, scope="item" if scope == "item" else "request")
            assert found.message.startswith(WHERE)
            assert code in found.message
            assert "\n" not in found.message + found.advice


@pytest.mark.parametrize("code", [code for code, verdict in VERDICTS.items() if verdict.kind in (Kind.CALENDAR, Kind.ITEM, Kind.RUN)])
def test_what_lasts_says_what_to_do(code: str) -> None:
    assert VERDICTS[code].advice


def test_kinds_become_errors() -> None:
    wanted = {
        "ErrorServerBusy": TransientError,
        "ErrorStaleObject": ConflictError,
        "ErrorItemSave": EventRejected,
        "ErrorImpersonationDenied": ServiceError,
    }
    for code, kind in wanted.items():
        assert type(judge(Complaint(code), WHERE, writing=True, scope="item")) is kind


def test_what_may_have_been_done_is_unclear_only_for_writes() -> None:
    complaint = Complaint("ErrorTimeoutExpired", wait=3.0)
    assert type(judge(complaint, WHERE, writing=False, scope="request")) is TransientError
    found = judge(complaint, WHERE, writing=True, scope="request")
    assert isinstance(found, OutcomeUnknown)
    assert found.wait == 3.0


@pytest.mark.parametrize(
    "code",
    ["ErrorTimeoutExpired", "ErrorConnectionFailed", "ErrorMailboxFailover", "ErrorProxyCallFailed", "ErrorProxyRequestProcessingFailed"],
)
def test_who_no_longer_waits_for_another_server_does_not_know_whether_that_one_is_still_at_work(code: str) -> None:
    for complaint in (Complaint(code), Complaint("ErrorInternalServerError", inner=code)):
        found = judge(complaint, WHERE, writing=True, scope="request")
        assert isinstance(found, OutcomeUnknown)
        assert found.unanswered
    stumbled = judge(Complaint("ErrorInternalServerError"), WHERE, writing=True, scope="request")
    assert isinstance(stumbled, OutcomeUnknown)
    assert not stumbled.unanswered


def test_an_inner_code_that_passes_does_not_make_sure_what_is_not() -> None:
    complaint = Complaint("ErrorInternalServerError", inner="ErrorMailboxStoreUnavailable")
    assert type(judge(complaint, WHERE, writing=True, scope="item")) is OutcomeUnknown


@pytest.mark.parametrize("code", ["ErrorServerBusy", "ErrorExceededConnectionCount"])
def test_who_has_had_enough_of_requests_is_busy(code: str) -> None:
    for complaint in (Complaint(code, wait=2.0), Complaint("ErrorInternalServerTransientError", wait=2.0, inner=code)):
        found = judge(complaint, WHERE, writing=True, scope="request")
        assert isinstance(found, (TransientError, OutcomeUnknown))
        assert (found.busy, found.wait) == (True, 2.0)


def test_who_stumbles_is_not_busy() -> None:
    found = judge(Complaint("ErrorInternalServerError"), WHERE, writing=False, scope="request")
    assert isinstance(found, TransientError)
    assert not found.busy


def test_an_unknown_code_is_held_against_what_it_concerns() -> None:
    complaint = Complaint("ErrorBrandNew", "Something new.")
    assert type(judge(complaint, WHERE, writing=True, scope="item")) is EventRejected
    refused = judge(complaint, WHERE, writing=True, scope="request")
    assert type(refused) is CalendarError
    assert "ResponseCode" in refused.advice
    assert type(judge(complaint, WHERE, writing=False, scope="item")) is CalendarError


def test_exchanges_own_words_are_kept_short_and_on_one_line() -> None:
    found = judge(Complaint("ErrorBrandNew", "word \n" * 200), WHERE, writing=True, scope="item")
    assert len(found.message) < 400
