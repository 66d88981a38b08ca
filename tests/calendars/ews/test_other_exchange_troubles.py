"""What goes wrong at a second Exchange, written from the schemas and the documentation alone: once, or for as long as it is asked."""

import pytest

from tests.calendars.ews.conftest import Opening
from tests.calendars.ews.other_exchange.habits import ON_PREMISES_2019, Habits
from tests.calendars.ews.other_exchange.server import Trouble
from tests.calendars.ews.other_exchange.writing_down import Hand
from tests.calendars.ews.other_nights import CHANGED, LOGIC, PHYSICS, WEEKS, OtherNights, expected, quiet
from timetable_sync.reports.summary import Status

pytestmark = pytest.mark.shared

PAGE = b"<!DOCTYPE html><html><body>The service is unavailable.</body></html>"
HTML = {"Content-Type": "text/html"}
FAULT = Hand(Habits()).fault
BUSY = FAULT("ErrorServerBusy", {"BackOffMilliseconds": "20"})

#: What passes: once for each operation, instead of the work and after it.
PASSING = {
    "busy, by a fault": Trouble("", 500, BUSY),
    "busy, by a fault of another hand": Trouble("", 500, Hand(Habits(namespaces="default", pretty=True)).fault("ErrorServerBusy")),
    "a fault inside": Trouble("", 500, FAULT("ErrorInternalServerError")),
    "a passing fault inside": Trouble("", 500, FAULT("ErrorInternalServerTransientError")),
    "no more time": Trouble("", 500, FAULT("ErrorTimeoutExpired")),
    "mailbox under way": Trouble("", 500, FAULT("ErrorMailboxMoveInProgress")),
    "mailbox store gone": Trouble("", 500, FAULT("ErrorMailboxStoreUnavailable")),
    "failover": Trouble("", 500, FAULT("ErrorMailboxFailover")),
    "no directory": Trouble("", 500, FAULT("ErrorADUnavailable")),
    "too many connections": Trouble("", 500, FAULT("ErrorExceededConnectionCount")),
    "503 and a page": Trouble("", 503, PAGE, HTML | {"Retry-After": "0"}),
    "502 and a page": Trouble("", 502, PAGE, HTML),
    "500 and a page": Trouble("", 500, PAGE, HTML),
    "504 and nothing": Trouble("", 504),
    "429": Trouble("", 429, b"", {"Retry-After": "0"}),
    "nothing at all": Trouble("", 200),
    "half an answer": Trouble("", 200, BUSY[: len(BUSY) // 2]),
    "its page for errors": Trouble("", 302, b"", {"Location": "/ews/genericerrorpage.htm?aspxerrorpath=/ews/exchange.asmx"}),
    "the token refused once": Trouble("", 401, b"", {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    "hung up": Trouble("", drop=True),
}
#: Of these it is said that nothing was done; a server that lies so is not to be had.
BEFORE_ONLY = {
    "busy, by a fault",
    "busy, by a fault of another hand",
    "mailbox under way",
    "mailbox store gone",
    "no directory",
    "too many connections",
    "429",
    "the token refused once",
}


def like(trouble: Trouble, operation: str, *, after: bool) -> Trouble:
    return Trouble(operation, trouble.status, trouble.body, trouble.headers, after, trouble.drop)


def ends_well(nights: OtherNights) -> None:
    """The changed week stands, once, whatever happened on the way there."""
    assert [(report.status, report.trouble) for report in nights.night().calendars] == [(Status.CHANGED, None)] * 2
    assert nights.exchange.troubles == []
    assert nights.standing() == expected(CHANGED)
    quiet(nights)


@pytest.mark.parametrize(
    ("name", "after"),
    [(name, after) for name in PASSING for after in (False, True) if not (after and name in BEFORE_ONLY)],
    ids=lambda value: value if isinstance(value, str) else "after the work" if value else "instead of the work",
)
def test_what_passes_costs_neither_an_event_nor_makes_two(opening: Opening, name: str, after: bool) -> None:
    nights = opening(Habits())
    nights.night()
    nights.timetable(CHANGED)
    nights.exchange.troubles = [like(PASSING[name], of, after=after) for of in ("FindItem", "CreateItem", "UpdateItem", "DeleteItem")]
    ends_well(nights)


@pytest.mark.parametrize("code", ["ErrorServerBusy", "ErrorBatchProcessingStopped", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired"])
@pytest.mark.parametrize("first", [0, 1], ids=["from the first on", "from the second on"])
def test_a_batch_that_stops_on_the_way_is_taken_up_again(opening: Opening, code: str, first: int) -> None:
    nights = opening(Habits(version=ON_PREMISES_2019))
    said: list[str] = []

    def spoil(operation: str, index: int) -> str:
        if operation not in ("CreateItem", "UpdateItem", "DeleteItem") or index < first or said.count(operation) > 3:
            return ""
        said.append(operation)
        return code

    nights.exchange.operations.spoil = spoil
    nights.exchange.operations.values = {"BackOffMilliseconds": "5"}
    assert nights.night().exit_code == 0
    assert nights.standing() == expected(WEEKS)
    assert said
    nights.timetable(CHANGED)
    said.clear()
    ends_well(nights)


@pytest.mark.parametrize(
    "code",
    [
        "ErrorNonExistentMailbox",
        "ErrorImpersonateUserDenied",
        "ErrorAccessDenied",
        "ErrorAccountDisabled",
        "ErrorMailboxConfiguration",
        "ErrorInvalidUserPrincipalName",
        "ErrorFolderNotFound",
        "ErrorQuotaExceeded",
        "ErrorInvalidRequest",
        "ErrorSchemaValidation",
        "ErrorNoPublicFolderReplicaAvailable",
        "ErrorMailboxMoveInProgress",
        "ErrorSomethingNew",
    ],
)
def test_one_mailbox_that_refuses_everything_stops_no_other(opening: Opening, code: str) -> None:
    nights = opening(Habits())
    nights.exchange.mailboxes[LOGIC].refuses = code
    summary = nights.night()
    assert summary.exit_code == 1
    assert summary.failure is None
    assert {report.calendar.address: report.status for report in summary.calendars} == {LOGIC: Status.FAILED, PHYSICS: Status.CHANGED}
    (sentence,) = [report.trouble.message for report in summary.calendars if report.trouble]
    assert code in sentence
    nights.exchange.mailboxes[LOGIC].refuses = ""
    assert nights.night().exit_code == 0
    assert nights.standing() == expected(WEEKS)
    quiet(nights)


@pytest.mark.parametrize("code", ["ErrorQuotaExceeded", "ErrorAccessDenied", "ErrorInvalidPropertySet", "ErrorSomethingNew"])
def test_events_that_are_refused_for_ever_are_made_once_they_are_not(opening: Opening, code: str) -> None:
    """A group's mailbox may refuse particular things: the calendar stands as it is, and nothing is doubled."""
    nights = opening(Habits())
    nights.exchange.operations.spoil = lambda operation, index: code if operation == "CreateItem" and index % 2 else ""
    assert nights.night().exit_code == 1
    assert nights.night().exit_code == 1
    nights.exchange.operations.spoil = lambda operation, index: ""
    assert nights.night().exit_code == 0
    assert nights.standing() == expected(WEEKS)
    quiet(nights)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (302, {"Location": "http://127.0.0.2:9/elsewhere"}),
        (307, {"Location": "https://elsewhere.example.org/EWS/Exchange.asmx"}),
        (403, {}),
        (404, {}),
        (407, {"Proxy-Authenticate": 'Basic realm="proxy"'}),
        (200, HTML),
    ],
    ids=str,
)
def test_an_address_that_is_no_exchange_ends_the_run_and_gets_no_token_twice(
    opening: Opening, status: int, headers: dict[str, str]
) -> None:
    nights = opening(Habits())
    nights.exchange.troubles = [Trouble("*", status, PAGE, headers) for _ in range(20)]
    summary = nights.night()
    assert (summary.exit_code, summary.failure is not None) == (1, True)
    assert 1 <= sum(nights.exchange.asked.values()) <= 2, "a request a calendar that was already under way"


def test_a_token_that_is_refused_for_ever_ends_the_run_as_credentials_refused(opening: Opening) -> None:
    nights = opening(Habits())
    nights.exchange.troubles = [Trouble("*", 401, b"", {"WWW-Authenticate": "Bearer"}) for _ in range(20)]
    summary = nights.night()
    assert summary.exit_code == 3
    assert nights.exchange.tokens.given <= 3


@pytest.mark.parametrize(
    ("status", "headers"),
    [(404, {}), (404, {"X-CasErrorCode": "UserNotFound"}), (302, {"Location": "http://127.0.0.2:9/maintenance"}), (401, {})],
    ids=str,
)
def test_an_exchange_that_has_answered_and_then_says_that_of_one_mailbox_stops_no_other(
    opening: Opening, status: int, headers: dict[str, str]
) -> None:
    """A front end that does not find one mailbox says so by HTTP alone."""
    nights = opening(Habits())
    assert nights.night().exit_code == 0
    nights.timetable(CHANGED)
    # One after another, so that the other mailbox has answered when this one is asked for.
    nights.environment["TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE"] = "1"
    nights.exchange.astray[PHYSICS] = (status, b"", headers)
    summary = nights.night()
    assert summary.failure is None
    assert {report.calendar.address: report.status for report in summary.calendars} == {LOGIC: Status.CHANGED, PHYSICS: Status.FAILED}
    nights.exchange.astray.clear()
    ends_well_after_all(nights)


def ends_well_after_all(nights: OtherNights) -> None:
    assert nights.night().exit_code == 0
    assert nights.standing() == expected(CHANGED)
    quiet(nights)


@pytest.mark.parametrize(
    "habits",
    [Habits(), Habits(namespaces="default", pretty=True, version=ON_PREMISES_2019, change_key="settles")],
    ids=["online", "on premises"],
)
def test_nights_as_processes(opening: Opening, habits: Habits) -> None:
    nights = opening(habits)
    for meetings, wrote in ((WEEKS, True), (WEEKS, False), (CHANGED, True), (CHANGED, False)):
        nights.timetable(meetings)
        nights.writes()
        done = nights.run()
        assert (done.returncode, bool(nights.writes())) == (0, wrote), done.stdout + done.stderr
        assert nights.standing() == expected(meetings)
    nights.lose_ledger()
    assert (nights.run().returncode, nights.writes()) == (0, {})
