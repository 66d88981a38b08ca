"""One token for a run: fetched once, renewed in time, refused or missing in one line, and never shown."""

import gc
import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import pytest
import requests

from tests.entra.making import CLIENT, NOW, TENANT, Endpoint, Made, token_text
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.claims import ROLE
from timetable_sync.entra.token import AHEAD, TokenProvider
from timetable_sync.errors import CredentialsRefused, TimetableSyncError, TransientError, UsageError

Build = Callable[..., Entra]
REFUSED = {"error": "invalid_client", "error_description": "AADSTS700027: no.", "error_codes": [700027]}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(entra: Build, endpoint: Endpoint, clock: Clock) -> TokenProvider:
    settings = entra(authority=endpoint.url)
    return TokenProvider(settings, load_certificate(settings, now=NOW), clock=clock)


def test_a_token_is_fetched_and_kept(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.gives(token_text())
    assert [provider.token() for _ in range(50)] == [token_text()] * 50
    assert provider.requests == len(endpoint.forms) == 1


def test_the_request_is_what_the_v2_endpoint_expects(provider: TokenProvider, endpoint: Endpoint, made: Made) -> None:
    endpoint.gives(token_text())
    provider.token()
    form = endpoint.forms[0]
    assertion = form.pop("client_assertion")
    assert endpoint.paths == [f"/{TENANT}/oauth2/v2.0/token"]
    assert form == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": "https://outlook.office365.com/.default",
    }
    audience = f"{endpoint.url}/{TENANT}/oauth2/v2.0/token"
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims = jwt.decode(assertion, made.key.public_key(), algorithms=["PS256"], audience=audience, options=options)  # type: ignore[arg-type]  # a plain dict is one of its TypedDict
    assert claims["iss"] == CLIENT


def test_the_v1_endpoint_and_its_numbers_as_text_are_understood(entra: Build, endpoint: Endpoint, clock: Clock) -> None:
    settings = entra(authority=endpoint.url, version="v1", algorithm="RS256")
    provider = TokenProvider(settings, load_certificate(settings, now=NOW), clock=clock)
    endpoint.gives(token_text(), lasts="3599")
    provider.token()
    assert endpoint.paths == [f"/{TENANT}/oauth2/token"]
    assert endpoint.forms[0]["resource"] == "https://outlook.office365.com"
    assert jwt.get_unverified_header(endpoint.forms[0]["client_assertion"])["alg"] == "RS256"


def test_eight_threads_at_once_make_one_request(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.gives(token_text())
    endpoint.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(provider.token) for _ in range(8)]
        while not endpoint.forms:
            time.sleep(0.01)
        endpoint.gate.set()
        assert {future.result() for future in waiting} == {token_text()}
    assert len(endpoint.forms) == 1


def test_it_is_renewed_300_seconds_ahead_and_not_before(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.gives(token_text(n=1))
    endpoint.gives(token_text(n=2))
    provider.token()
    clock.passes(3600 - AHEAD.total_seconds() - 1)
    assert provider.token() == token_text(n=1)
    clock.passes(1)
    assert provider.token() == token_text(n=2)
    assert provider.requests == 2


def test_several_threads_renew_once(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.gives(token_text(n=1))
    endpoint.gives(token_text(n=2))
    provider.token()
    clock.passes(3500)
    with ThreadPoolExecutor(8) as pool:
        assert {future.result() for future in [pool.submit(provider.token) for _ in range(16)]} == {token_text(n=2)}
    assert provider.requests == 2


def test_a_token_of_a_minute_is_not_renewed_at_every_call(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.gives(token_text(n=1), lasts=60)
    endpoint.gives(token_text(n=2), lasts=60)
    assert [provider.token() for _ in range(3)] == [token_text(n=1)] * 3
    clock.passes(30)
    assert provider.token() == token_text(n=2)


def test_a_refused_token_is_dropped_once_though_eight_threads_say_so(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.gives(token_text(n=1))
    endpoint.gives(token_text(n=2))
    refused = provider.token()

    def again() -> str:
        provider.invalidate(refused)
        return provider.token()

    with ThreadPoolExecutor(8) as pool:
        assert {future.result() for future in [pool.submit(again) for _ in range(8)]} == {token_text(n=2)}
    assert provider.requests == 2


def test_a_token_that_is_no_longer_current_invalidates_nothing(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.gives(token_text(n=1))
    provider.token()
    provider.invalidate("something else")
    assert provider.token() == token_text(n=1)
    assert provider.requests == 1


def failure(provider: TokenProvider, kind: type[TimetableSyncError]) -> TimetableSyncError:
    with pytest.raises(kind) as caught:
        provider.token()
    error = caught.value
    assert error.message
    assert error.advice
    assert "\n" not in error.message
    assert error.__context__ is None or isinstance(error.__context__, TimetableSyncError)
    return error


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_an_endpoint_that_is_down_passes_and_says_how_long_to_wait(provider: TokenProvider, endpoint: Endpoint, status: int) -> None:
    endpoint.says(status, b"<html>busy</html>")
    error = failure(provider, TransientError)
    assert isinstance(error, TransientError)
    assert (error.wait, error.scope) == (2.0, "service")


def test_retry_after_is_obeyed_as_seconds_and_as_a_date(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.says(429, {"error": "x"}, Retry_After="17")
    endpoint.says(503, b"", Retry_After="Tue, 24 Nov 2026 02:00:47 GMT")
    endpoint.gives(token_text())
    first = failure(provider, TransientError)
    assert isinstance(first, TransientError)
    assert first.wait == 17
    clock.passes(17)
    second = failure(provider, TransientError)
    assert isinstance(second, TransientError)
    assert second.wait == 30
    clock.passes(30)
    assert provider.token() == token_text()


def test_the_error_field_decides_and_not_the_number(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.says(400, {"error": "temporarily_unavailable", "error_codes": [700027], "error_description": "AADSTS700027"})
    assert failure(provider, TransientError)


def test_threads_that_come_while_it_is_down_do_not_hammer_it(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.says(503, b"")
    waits = []
    for _ in range(8):
        error = failure(provider, TransientError)
        assert isinstance(error, TransientError)
        waits.append(error.wait)
        clock.passes(0.1)
    assert provider.requests == 1
    assert waits[-1] == pytest.approx(1.3)
    clock.passes(2)
    error = failure(provider, TransientError)
    assert isinstance(error, TransientError)
    assert (provider.requests, error.wait) == (2, 4.0)


def test_a_token_that_lives_is_used_while_it_cannot_be_renewed(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.gives(token_text(n=1))
    endpoint.says(503, b"")
    provider.token()
    clock.passes(3400)
    assert [provider.token() for _ in range(10)] == [token_text(n=1)] * 10
    assert provider.requests == 2
    clock.passes(300)
    assert failure(provider, TransientError)


def test_nothing_listening_passes(entra: Build, clock: Clock) -> None:
    settings = entra(authority="http://127.0.0.1:1")
    provider = TokenProvider(settings, load_certificate(settings, now=NOW), clock=clock)
    assert "127.0.0.1 cannot be reached" in failure(provider, TransientError).message


def test_no_answer_in_time_passes(entra: Build, endpoint: Endpoint, clock: Clock) -> None:
    settings = entra(authority=endpoint.url, timeout="1 second")
    endpoint.gives(token_text())
    endpoint.gate.clear()
    provider = TokenProvider(settings, load_certificate(settings, now=NOW), clock=clock)
    assert "did not answer within 1 second" in failure(provider, TransientError).message


def test_a_refusal_lasts_and_is_asked_for_once(provider: TokenProvider, endpoint: Endpoint, made: Made) -> None:
    endpoint.says(401, REFUSED)
    messages = {failure(provider, CredentialsRefused).message for _ in range(50)}
    assert len(messages) == 1
    assert "AADSTS700027" in messages.pop()
    assert provider.requests == 1


def test_a_wrong_clock_is_measured_from_the_date_header(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.says(401, {"error": "invalid_client", "error_codes": [700024]}, Date="Tue, 24 Nov 2026 02:11:00 GMT")
    assert "this machine's clock is 11 minutes behind" in failure(provider, CredentialsRefused).message


def test_an_expired_certificate_is_not_sent(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.gives(token_text())
    clock.passes(400 * 86400)
    assert "expired on" in failure(provider, CredentialsRefused).message
    assert not endpoint.forms


def test_a_redirect_is_not_followed(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.says(307, b"", Location=f"{endpoint.url}/elsewhere")
    assert "sends the request on to 127.0.0.1" in failure(provider, CredentialsRefused).message
    assert len(endpoint.forms) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please sign in to the network</html>",
        b"",
        b"[1]",
        b"\xff\xfe",
        {},
        {"access_token": "", "expires_in": 3600},
        {"access_token": 7, "expires_in": 3600},
        {"access_token": "two words", "expires_in": 3600},
        {"access_token": "line\r\nX-Injected: 1", "expires_in": 3600},
        {"access_token": "naïve", "expires_in": 3600},
        {"access_token": "good"},
        {"access_token": "good", "expires_in": None},
        {"access_token": "good", "expires_in": True},
        {"access_token": "good", "expires_in": -1},
        {"access_token": "good", "expires_in": "soon"},
        {"access_token": "good", "expires_in": 1e300},
        {"access_token": "good", "expires_in": "9" * 400},
        {"access_token": "good", "expires_in": 3600, "token_type": "pop"},
        {"access_token": "good", "expires_in": 3600, "token_type": 1},
    ],
)
def test_an_answer_that_is_none_of_entra_ids_is_said(provider: TokenProvider, endpoint: Endpoint, body: object) -> None:
    endpoint.says(200, body)
    assert "not as Entra ID does" in failure(provider, CredentialsRefused).message


def test_at_night_an_answer_that_is_none_of_entra_ids_is_asked_for_once_more_before_it_is_believed(
    entra: Build, endpoint: Endpoint, clock: Clock
) -> None:
    settings = entra(authority=endpoint.url)
    provider = TokenProvider(settings, load_certificate(settings, now=NOW), clock=clock, doubts=True)
    endpoint.says(200, b"<html>Please sign in to the network</html>")

    assert "not as Entra ID does" in failure(provider, TransientError).message
    clock.passes(5)
    assert "not as Entra ID does" in failure(provider, CredentialsRefused).message


@pytest.mark.parametrize("body", [b"<html>Not found</html>", {"message": "no"}, {"error": 3}])
def test_a_refusal_that_is_none_of_entra_ids_is_said(provider: TokenProvider, endpoint: Endpoint, body: object) -> None:
    endpoint.says(404, body)
    assert "HTTP 404" in failure(provider, CredentialsRefused).message


def test_an_opaque_token_is_used_and_not_judged(provider: TokenProvider, endpoint: Endpoint) -> None:
    endpoint.gives("opaque")
    assert provider.token() == "opaque"
    facts = provider.describe()
    assert facts is not None
    assert not facts.readable
    assert provider.warning() is None


def test_a_token_is_described_by_what_it_says(provider: TokenProvider, endpoint: Endpoint) -> None:
    assert provider.describe() is None
    assert provider.warning() is None
    endpoint.gives(token_text())
    provider.token()
    facts = provider.describe()
    assert facts is not None
    assert (facts.audience, facts.tenant, facts.application) == ("https://outlook.office365.com", TENANT, CLIENT)
    assert facts.roles == (ROLE,)
    assert facts.expires == NOW + timedelta(hours=1)
    assert provider.warning() is None


@pytest.mark.parametrize("roles", [None, [], "full_access_as_app", ["Calendars.Read"]])
def test_a_token_without_the_role_is_used_with_a_warning(provider: TokenProvider, endpoint: Endpoint, roles: object) -> None:
    endpoint.gives(token_text(roles=roles))
    assert provider.token()
    remark = provider.warning()
    assert remark is not None
    assert "admin consent is missing, unless" in remark.message
    assert "RBAC for Applications" in remark.advice


def test_nothing_from_netrc_is_added(provider: TokenProvider, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    endpoint.gives(token_text())
    provider.token()
    assert "Authorization" not in endpoint.headers[0]


def test_a_wrong_authority_is_said_before_anything_is_sent(entra: Build, clock: Clock) -> None:
    settings = entra()
    certificate = load_certificate(settings, now=NOW)
    with pytest.raises(UsageError, match=r"entra\.authority"):
        TokenProvider(settings.model_copy(update={"authority": "http://login.example"}), certificate, clock=clock)


def test_token_and_assertion_reach_no_log_repr_or_exception(
    provider: TokenProvider, endpoint: Endpoint, clock: Clock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    canary = token_text(canary="canary-of-this-test")
    endpoint.gives(canary)
    endpoint.says(503, b"")
    endpoint.says(401, REFUSED)
    with caplog.at_level(logging.DEBUG):
        assert provider.token() == canary
        shown += [repr(provider), str(provider), repr(provider.describe()), repr(vars(provider))]
        provider.invalidate(canary)
        for _ in range(2):
            try:
                provider.token()
            except TimetableSyncError as error:
                shown += ["".join(traceback.format_exception(error)), repr(error), error.message, error.advice]
            clock.passes(100)
    assert len(endpoint.forms) == 3
    secrets = [canary, *(form["client_assertion"] for form in endpoint.forms)]
    everything = "\n".join([*shown, caplog.text, *capfd.readouterr()])
    assert "urllib3" in caplog.text, "the HTTP library's own log was looked at"
    for secret in secrets:
        for part in secret.split("."):
            if part != secret.split(".", maxsplit=1)[0]:  # the header of a token is the same everywhere
                assert part not in everything


def test_an_exception_holds_no_request(entra: Build, clock: Clock) -> None:
    settings = entra(authority="http://127.0.0.1:1")
    provider = TokenProvider(settings, load_certificate(settings, now=NOW), clock=clock)
    error = failure(provider, TransientError)
    assert error.__cause__ is None
    assert not [thing for thing in gc.get_referents(error) if isinstance(thing, requests.RequestException | requests.PreparedRequest)]


def test_the_lock_is_given_back_after_a_failure(provider: TokenProvider, endpoint: Endpoint, clock: Clock) -> None:
    endpoint.says(503, b"")
    failure(provider, TransientError)
    done = threading.Event()

    def invalidate() -> None:
        provider.invalidate("x")
        done.set()

    threading.Thread(target=invalidate, daemon=True).start()
    assert done.wait(10)
