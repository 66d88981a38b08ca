"""The backend on premises, against a sandbox that really verifies Basic and NTLM."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess
from timetable_sync.calendars.ews.backend import EwsBackend, open_ews
from timetable_sync.config.sections.ews import Ews
from timetable_sync.errors import BackendError, CalendarError, ServiceError, UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create, Reason
from timetable_sync.model.event import Event
from timetable_sync.model.marker import Marker
from timetable_sync.model.window import Window
from timetable_sync.sandbox.client import SandboxClient

NAME, PASSWORD = "EXAMPLE\\svc-timetable", "canary pässword"
NOW = datetime.now(UTC).replace(microsecond=0)
WINDOW = Window(NOW, NOW + timedelta(days=30))
COMP = Calendar("comp101@groups.example.ac.uk", "COMP101")

Open = Callable[..., EwsBackend]


@pytest.fixture(scope="module")
def client() -> Iterator[SandboxClient]:
    with SandboxProcess() as process:
        yield process.client


@pytest.fixture
def on_premises(client: SandboxClient) -> Iterator[Open]:
    """Opens a backend for a service account; what is given overrides its settings."""
    opened: list[EwsBackend] = []
    client.offer_sign_ins("basic", "ntlm")
    client.add_service_account(NAME, "svc-timetable@example.ac.uk", PASSWORD)
    client.add_mailbox(COMP.address)
    client.clear_faults()

    def open_one(sign_in: str = "ntlm", password: str = PASSWORD, **more: Any) -> EwsBackend:
        given = {"endpoint": client.ews_url, "sign_in": sign_in, "user": NAME, "password": {"env": "P"}, **more}
        opened.append(open_ews(Ews.model_validate(given), None, environ={"P": password}))
        return opened[-1]

    yield open_one
    for backend in opened:
        backend.close()


def failure(backend: EwsBackend) -> BackendError:
    with pytest.raises(BackendError) as caught:
        backend.snapshot(COMP, WINDOW)
    return caught.value


@pytest.mark.parametrize("sign_in", ["basic", "ntlm"])
def test_a_service_account_reads_and_writes(on_premises: Open, client: SandboxClient, sign_in: str) -> None:
    backend = on_premises(sign_in)
    event = Event(f"test//{sign_in}/own/1", NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1), "Europe/London", "Lecture")
    marker = Marker("aaaaaa", event.fingerprint(), event.key).text()
    (outcome,) = backend.apply(COMP, [Create(event, marker, Reason.TIMETABLE)])
    assert outcome.error is None
    assert event.key in {standing.marker.key for standing in backend.snapshot(COMP, WINDOW).ours}
    assert client.mails() == 0


def test_ntlm_signs_in_once_a_connection(on_premises: Open, client: SandboxClient) -> None:
    backend = on_premises()
    client.reset_requests()
    for _ in range(4):
        backend.stamp(COMP)
    assert client.requests()["sign-in"] == 1


@pytest.mark.parametrize("sign_in", ["basic", "ntlm"])
def test_a_wrong_password_is_sent_once_however_many_threads_ask(on_premises: Open, client: SandboxClient, sign_in: str) -> None:
    backend = on_premises(sign_in, "canary wrong")
    with ThreadPoolExecutor(8) as threads:
        errors = list(threads.map(lambda _: failure(backend), range(24)))
    assert {type(error) for error in errors} == {ServiceError}
    assert {error.exit_code for error in errors} == {3}
    assert client.wrong_passwords()[NAME] == 1
    assert "refuses the service account EXAMPLE\\svc-timetable" in errors[0].message
    assert "canary" not in errors[0].message + errors[0].advice


def test_a_server_that_does_not_offer_it_is_said_with_what_it_offers(on_premises: Open, client: SandboxClient) -> None:
    client.offer_sign_ins("ntlm")
    error = failure(on_premises("basic"))
    assert "does not take Basic for EWS; it offers NTLM" in error.message
    assert 'Set ews.sign_in to "ntlm"' in error.advice
    client.offer_sign_ins("bearer")
    error = failure(on_premises("ntlm"))
    assert "does not take NTLM for EWS; it offers Bearer" in error.message


def test_forbidden_on_premises_is_no_matter_of_exchange_onlines_list(on_premises: Open, client: SandboxClient) -> None:
    client.set_fault({"what": "http", "status": 403, "operation": "*", "count": 0})
    error = failure(on_premises())
    assert "forbids the service account" in error.message
    assert "EwsAllowedAppIDs" not in error.advice


def test_a_mailbox_outside_of_the_impersonations_scope_fails_alone(on_premises: Open, client: SandboxClient) -> None:
    client.add_service_account(NAME, "svc-timetable@example.ac.uk", PASSWORD, impersonates=["other@example.ac.uk"])
    assert isinstance(failure(on_premises()), CalendarError)


def test_an_empty_environment_is_no_password() -> None:
    given = {"endpoint": "https://mail.example.ac.uk/x", "sign_in": "ntlm", "user": "a", "password": {"env": "P"}}
    with pytest.raises(UsageError, match=r"ews\.password: environment variable P is not set"):
        open_ews(Ews.model_validate(given), None, environ={})
