"""What HTTP says is sorted rightly, the token goes nowhere else, and nothing is repeated but for a refused token."""

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import certifi
import pytest

from tests.calendars.contract import WEEK, creating, deleting, errors, event, updating
from tests.calendars.ews.canned import Canned, CannedServer, answer_of, fault, item_id, listing, success
from tests.calendars.ews.conftest import Opener, Tokens
from tests.calendars.ews.test_writing import standing
from timetable_sync import host_clock
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.calendars.ews.http_errors import retry_after
from timetable_sync.errors import BackendError, CalendarError, CredentialsRefused, OutcomeUnknown, ServiceError, TransientError, UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.network.adapter import VerifyingAdapter


def read(backend: EwsBackend, calendar: Calendar) -> BackendError:
    """The error that a reading gives."""
    with pytest.raises(BackendError) as failed:
        backend.snapshot(calendar, WEEK)
    return failed.value


def write(backend: EwsBackend, calendar: Calendar) -> list[BackendError]:
    """The errors of two creates."""
    return [outcome.error for outcome in backend.apply(calendar, creating(event(1), event(2))) if outcome.error is not None]


def test_every_request_carries_token_anchor_and_impersonation(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    asked = server.asked[0]
    assert asked.headers["Authorization"] == "Bearer canary-token-1"
    assert asked.headers["X-AnchorMailbox"] == calendar.address
    assert asked.headers["User-Agent"].startswith("timetable-sync/")
    assert asked.find("//t:ExchangeImpersonation/t:ConnectingSID/*").text == calendar.address
    assert asked.find("//t:RequestServerVersion/@Version") == "Exchange2016"
    assert asked.find("//t:TimeZoneContext/t:TimeZoneDefinition/@Id") == "UTC"


def test_the_anchor_can_be_another_address(server: CannedServer, opened: Opener, calendar: Calendar) -> None:
    server.answer(listing())
    opened(anchor="anchor@example.ac.uk").snapshot(calendar, WEEK)
    assert server.asked[0].headers["X-AnchorMailbox"] == "anchor@example.ac.uk"
    assert server.asked[0].find("//t:ConnectingSID/*").text == calendar.address


def test_no_request_is_made_that_the_job_does_not_need(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(listing())
    server.answer(answer_of("CreateItem", success("CreateItem", item_id(1))))
    backend.snapshot(calendar, WEEK)
    backend.apply(calendar, creating(event(1)))
    assert len(server.asked) == 2
    assert backend.requests == {"FindItem": 1, "CreateItem": 1}


def test_a_second_nights_backend_uses_its_own_tokens(server: CannedServer, opened: Opener, tokens: Tokens, calendar: Calendar) -> None:
    # exchangelib keeps protocols by endpoint for the life of the process: CachingProtocol.
    server.answer(listing())
    server.answer(listing())
    opened().snapshot(calendar, WEEK)
    tokens.number = 7
    second = opened(anchor="anchor@example.ac.uk")
    second.snapshot(calendar, WEEK)
    assert server.asked[1].headers["Authorization"] == "Bearer canary-token-7"
    assert server.asked[1].headers["X-AnchorMailbox"] == "anchor@example.ac.uk"
    assert second.requests == {"FindItem": 1}


def test_a_refused_token_is_renewed_once(server: CannedServer, backend: EwsBackend, tokens: Tokens, calendar: Calendar) -> None:
    server.answer(status=401)
    server.answer(listing())
    assert backend.snapshot(calendar, WEEK).ours == ()
    assert tokens.refused == ["canary-token-1"]
    assert server.asked[1].headers["Authorization"] == "Bearer canary-token-2"


def test_a_token_that_is_refused_twice_ends_the_run(server: CannedServer, backend: EwsBackend, tokens: Tokens, calendar: Calendar) -> None:
    for _ in range(2):
        server.answer(status=401, Connection="close", x_ms_diagnostics='2000001;reason="The token has expired.";error_category="x"')
    error = read(backend, calendar)
    assert isinstance(error, ServiceError)
    assert error.exit_code == 3
    assert "The token has expired." in error.message
    assert len(server.asked) == 2
    assert tokens.refused == ["canary-token-1"]


def test_a_create_is_sent_again_after_a_refused_token_as_it_was_not_done(
    server: CannedServer, backend: EwsBackend, calendar: Calendar
) -> None:
    server.answer(status=401)
    server.answer(answer_of("CreateItem", success("CreateItem", item_id(1))))
    assert errors(backend.apply(calendar, creating(event(1)))) == [None]
    assert server.asked[0].body == server.asked[1].body


@pytest.mark.parametrize("refused", [False, True], ids=["before it was sent", "before it was sent again"])
def test_a_write_that_was_held_up_until_it_was_to_be_sent_is_not_sent(
    server: CannedServer, backend: EwsBackend, tokens: Tokens, calendar: Calendar, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    """This process was paused, or signing in took long: what allowed it to be sent (the lease, an intent) may be over."""
    now = [1000.0]
    monkeypatch.setattr(host_clock, "seconds", lambda: now[0])

    def slowly() -> str:
        now[0] += 31.0 if len(server.asked) == int(refused) else 0.0
        return "canary-token"

    monkeypatch.setattr(tokens, "token", slowly)
    if refused:
        server.answer(status=401)
    (outcome,) = backend.apply(calendar, creating(event(1)))
    assert isinstance(outcome.error, TransientError)
    assert "was not sent" in outcome.error.message
    assert len(server.asked) == int(refused)


def test_a_reading_may_be_sent_late(
    server: CannedServer, backend: EwsBackend, tokens: Tokens, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(host_clock, "seconds", lambda: now[0])

    def slowly() -> str:
        now[0] += 100.0
        return "canary-token"

    monkeypatch.setattr(tokens, "token", slowly)
    server.answer(status=503)
    assert isinstance(read(backend, calendar), TransientError)
    assert len(server.asked) == 1


def test_a_request_takes_no_longer_than_we_wait_for_it_and_the_minute_that_exchange_gives_a_batch(opened: Opener) -> None:
    assert opened(timeout=timedelta(seconds=90)).longest_request == timedelta(seconds=150)


def test_a_token_that_cannot_be_had_ends_the_run_with_its_own_words(
    server: CannedServer, backend: EwsBackend, tokens: Tokens, calendar: Calendar
) -> None:
    tokens.failure = CredentialsRefused("Entra ID refused the certificate (AADSTS700027)", "Compare it.")
    error = read(backend, calendar)
    assert isinstance(error, ServiceError)
    assert (error.exit_code, error.message, error.advice) == (3, "Entra ID refused the certificate (AADSTS700027)", "Compare it.")
    assert [type(one) for one in write(backend, calendar)] == [ServiceError, ServiceError]
    assert server.asked == []


def test_a_token_service_that_is_down_for_now_passes(backend: EwsBackend, tokens: Tokens, calendar: Calendar) -> None:
    tokens.failure = TransientError("Entra ID cannot be reached", scope="service")
    assert read(backend, calendar) is tokens.failure
    assert write(backend, calendar) == [tokens.failure, tokens.failure]


@pytest.mark.parametrize("body", [b"", b"<html><body>Forbidden</body></html>", b"<?xml version='1.0'?><x/>"])
def test_a_blocked_app_is_told_about_the_switches(server: CannedServer, backend: EwsBackend, calendar: Calendar, body: bytes) -> None:
    server.answer(body, 403, Connection="close")
    error = read(backend, calendar)
    assert isinstance(error, ServiceError)
    assert "403" in error.message
    assert "EwsAllowedAppIDs" in error.advice
    assert error.exit_code == 1
    server.answer(body, 403)
    assert [type(one) for one in write(backend, calendar)] == [ServiceError, ServiceError]


def test_too_many_requests_is_obeyed_by_all(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # exchangelib takes it for a malformed answer and forgets Retry-After.
    server.answer(status=429, Retry_After="17")
    error = read(backend, calendar)
    assert isinstance(error, TransientError)
    assert (error.wait, error.scope, error.busy) == (17.0, "service", True)
    server.answer(status=429, Retry_After="17")
    assert [type(one) for one in write(backend, calendar)] == [TransientError, TransientError]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_may_have_done_the_write(server: CannedServer, backend: EwsBackend, calendar: Calendar, status: int) -> None:
    server.answer(b"Service Unavailable", status, Retry_After="5")
    found = write(backend, calendar)
    assert [type(one) for one in found] == [OutcomeUnknown, OutcomeUnknown]
    # Whatever says so in Exchange's place, a front end, a balancer or a proxy, cannot know whether it is at work no longer.
    seen = [(one.wait, one.busy, one.unanswered) for one in found if isinstance(one, OutcomeUnknown)]
    assert seen == [(5.0, status == 503, True)] * 2
    server.answer(b"Service Unavailable", status, Retry_After="5", Connection="close")
    error = read(backend, calendar)
    assert isinstance(error, TransientError)
    assert (error.wait, error.scope, error.busy) == (5.0, "calendar", status == 503)
    assert len(server.asked) == 2


def test_updates_and_deletes_may_have_been_done_too(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    for change in (updating(standing(1), event(1)), deleting(standing(1))):
        server.answer(status=503)
        assert errors(backend.apply(calendar, [change])) == [OutcomeUnknown]
        server.drop()
        assert errors(backend.apply(calendar, [change])) == [OutcomeUnknown]


def test_a_dropped_connection_leaves_a_write_unclear(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.drop()
    assert [isinstance(one, OutcomeUnknown) and one.unanswered for one in write(backend, calendar)] == [True, True]
    server.drop()
    assert isinstance(read(backend, calendar), TransientError)
    assert len(server.asked) == 2


def test_an_answer_that_breaks_off_is_no_answer(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    whole = answer_of("CreateItem", success("CreateItem", item_id(1)), success("CreateItem", item_id(2)))
    server.answers.append(Canned(whole, cut=len(whole) - 100))
    assert [type(one) for one in write(backend, calendar)] == [OutcomeUnknown, OutcomeUnknown]
    server.answers.append(Canned(listing(), cut=200))
    assert isinstance(read(backend, calendar), TransientError)


def test_each_request_is_named_and_an_answer_with_another_name_is_none(
    server: CannedServer, backend: EwsBackend, calendar: Calendar
) -> None:
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    server.answer(listing(), client_request_id="another")
    assert isinstance(error := read(backend, calendar), TransientError)
    assert error.message == f"{calendar.address}: an answer came that Exchange gave to another request"
    server.answer(
        answer_of("CreateItem", success("CreateItem", item_id(1)), success("CreateItem", item_id(2))), client_request_id="another"
    )
    assert [type(one) for one in write(backend, calendar)] == [OutcomeUnknown, OutcomeUnknown]
    names = {asked.headers["client-request-id"] for asked in server.asked}
    assert (len(names), {asked.headers["return-client-request-id"] for asked in server.asked}) == (3, {"true"})


def test_no_answer_in_time_leaves_a_write_unclear(server: CannedServer, opened: Opener, calendar: Calendar) -> None:
    backend = opened(timeout=timedelta(seconds=0.3))
    release = threading.Event()
    server.answers += [Canned(hold=release), Canned(hold=release)]
    found = write(backend, calendar)
    assert [type(one) for one in found] == [OutcomeUnknown, OutcomeUnknown]
    assert "0.3 seconds" in found[0].message
    assert isinstance(read(backend, calendar), TransientError)
    release.set()


def test_a_server_that_cannot_be_reached_has_done_nothing(opened: Opener, calendar: Calendar) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        backend = opened(endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}/EWS/Exchange.asmx")
        found = write(backend, calendar)
        assert [type(one) for one in found] == [TransientError, TransientError]
        error = read(backend, calendar)
    assert isinstance(error, TransientError)
    assert error.scope == "service"
    assert "cannot be reached" in error.message


@pytest.mark.parametrize("target", ["http://elsewhere.example.com/login?token=secret", "/relative/page?x=secret", "//other.example.com/"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_never_followed(server: CannedServer, backend: EwsBackend, calendar: Calendar, status: int, target: str) -> None:
    server.answer(status=status, Location=target)
    error = read(backend, calendar)
    assert isinstance(error, ServiceError)
    assert target.split("?", maxsplit=1)[0].strip("/") in error.message + "/"
    assert "secret" not in error.message
    assert len(server.asked) == 1


def test_a_redirect_to_an_address_that_is_none_is_said(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(status=302, Location="https://[::elsewhere")
    error = read(backend, calendar)
    assert isinstance(error, ServiceError)
    assert "an address that is none" in error.message


def test_exchanges_own_error_page_is_a_passing_outage(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    page = "/ews/genericerrorpage.htm?aspxerrorpath=/ews/exchange.asmx"
    server.answer(status=302, Location=page)
    assert isinstance(read(backend, calendar), TransientError)
    server.answer(status=302, Location=page)
    assert [type(one) for one in write(backend, calendar)] == [OutcomeUnknown, OutcomeUnknown]


def test_a_server_that_is_none_ends_the_run(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(b"<!DOCTYPE html><html>Sign in</html>", Content_Type="text/html; charset=utf-8")
    error = read(backend, calendar)
    assert isinstance(error, ServiceError)
    assert "text/html" in error.message
    server.answer(b"Not Found", 404)
    assert isinstance(read(backend, calendar), ServiceError)


def test_a_strange_answer_after_good_ones_is_a_disturbance(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    server.answer(b"<html>maintenance</html>", Content_Type="text/html")
    assert isinstance(read(backend, calendar), TransientError)
    server.answer(b"<html>maintenance</html>", Content_Type="text/html")
    assert [type(one) for one in write(backend, calendar)] == [OutcomeUnknown, OutcomeUnknown]
    server.answer(b"Not Found", 404)
    assert isinstance(read(backend, calendar), CalendarError)


def test_other_answers_fail_the_calendar(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(b"Bad Request", 400)
    assert isinstance(read(backend, calendar), CalendarError)
    server.answer(b"Request Entity Too Large", 413)
    error = read(backend, calendar)
    assert isinstance(error, CalendarError)
    assert "ews.batch" in error.advice
    server.answer(status=407)
    assert isinstance(read(backend, calendar), ServiceError)


def test_a_soap_fault_comes_with_http_500_and_is_read(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(fault("ErrorServerBusy", values={"BackOffMilliseconds": "297749"}), 500, Connection="close")
    error = read(backend, calendar)
    assert isinstance(error, TransientError)
    assert error.wait == 297.749


def test_a_configured_ca_bundle_beats_the_environments(
    opened: Opener, calendar: Calendar, monkeypatch: pytest.MonkeyPatch, tls_server: CannedServer, authority: Path
) -> None:
    # requests: REQUESTS_CA_BUNDLE in the environment overrides a session's verify.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    tls_server.answer(listing())
    assert opened(endpoint=tls_server.url, ca_bundle=authority).snapshot(calendar, WEEK).ours == ()


def test_a_server_with_an_unknown_certificate_ends_the_run_and_hears_nothing(
    opened: Opener, calendar: Calendar, tls_server: CannedServer
) -> None:
    error = read(opened(endpoint=tls_server.url), calendar)
    assert isinstance(error, ServiceError)
    assert "not trusted" in error.message
    assert "ews.ca_bundle" in error.advice
    assert tls_server.asked == []


def test_a_ca_bundle_that_is_none_is_said_before_anything_is_sent(opened: Opener, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    for file in (tmp_path / "absent.pem", junk):
        with pytest.raises(UsageError, match=r"ews\.ca_bundle: .*pem cannot be used"):
            opened(ca_bundle=file)


def test_many_threads_under_throttling_do_not_wait_for_each_other(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # exchangelib's pool froze within seconds at 4 threads: decrease_poolsize waits for its own lock (issue 1373).
    server.always = lambda _: Canned(fault("ErrorServerBusy", values={"BackOffMilliseconds": "10"}), 500)
    done: list[int] = []

    def work() -> None:
        for _ in range(25):
            with pytest.raises(TransientError):
                backend.snapshot(calendar, WEEK)
        done.append(1)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 8
    assert backend.requests["FindItem"] == 200


def test_a_connection_that_was_silent_for_long_is_not_trusted(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[float] = []
    clock = [1000.0]
    monkeypatch.setattr("timetable_sync.calendars.ews.transport.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(VerifyingAdapter, "close", lambda _: closed.append(clock[0]))
    for pause in (10.0, 300.0, 10.0):
        server.answer(listing())
        backend.snapshot(calendar, WEEK)
        clock[0] += pause
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    assert set(closed) == {1310.0}


def test_nothing_sleeps(server: CannedServer, backend: EwsBackend, calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept for {seconds} s"))
    server.answer(fault("ErrorServerBusy", values={"BackOffMilliseconds": "60000"}), 500)
    assert isinstance(read(backend, calendar), TransientError)
    server.answer(status=503, Retry_After="60")
    assert isinstance(read(backend, calendar), TransientError)


def test_retry_after_is_read_in_both_forms() -> None:
    assert retry_after("120") == 120.0
    soon = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
    assert soon is not None
    assert 80 < soon <= 90
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("soon") is None
    assert retry_after("-5") is None
    assert retry_after("9" * 400) == 999_999_999
    assert retry_after("Wed, 21 Oct 2026 07:28:00 +" + "9" * 40) is None
    assert retry_after(None) is None
