"""An Exchange Server on premises: Basic and NTLM, checked as a server does, and against a client that is not ours."""

import base64
from collections.abc import Iterator

import pytest
import requests
import spnego
from requests_ntlm import HttpNtlmAuth

from tests.sandbox.asking import envelope
from tests.sandbox_process import SandboxProcess
from timetable_sync.sandbox.ews.accounts import LOCKED_AFTER
from timetable_sync.sandbox.ews.ntlm import md4

NAME, PRINCIPAL, PASSWORD = "EXAMPLE\\svc-timetable", "svc-timetable@example.ac.uk", "påss wörd 1"
GET_FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
    '<t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>'
)


@pytest.fixture
def server(sandbox: SandboxProcess) -> Iterator[SandboxProcess]:
    sandbox.client.offer_sign_ins("basic", "ntlm")
    sandbox.client.add_service_account(NAME, PRINCIPAL, PASSWORD, impersonates=["*@groups.example.ac.uk"])
    for address in ("comp101@groups.example.ac.uk", "rector@example.ac.uk"):
        sandbox.client.add_mailbox(address)
    yield sandbox
    sandbox.client.offer_sign_ins("bearer")


def ask(
    session: requests.Session, server: SandboxProcess, mailbox: str = "comp101@groups.example.ac.uk", **headers: str
) -> requests.Response:
    body = envelope(GET_FOLDER, mailbox=mailbox).encode()
    return session.post(
        server.client.ews_url,
        data=body,
        headers={"Content-Type": "text/xml", "X-AnchorMailbox": mailbox, **headers},
        timeout=20,
    )


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
        (b"abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
        (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_is_that_of_rfc_1320(text: bytes, digest: str) -> None:
    assert md4(text).hex() == digest


@pytest.mark.parametrize("user", [NAME, NAME.upper(), PRINCIPAL])
def test_ntlm_lets_in_who_knows_the_password(server: SandboxProcess, user: str) -> None:
    session = requests.Session()
    session.auth = HttpNtlmAuth(user, PASSWORD)
    answer = ask(session, server)
    assert answer.status_code == 200
    assert "NoError" in answer.text


def test_the_connection_stays_signed_in_and_no_other_is(server: SandboxProcess) -> None:
    session = requests.Session()
    session.auth = HttpNtlmAuth(NAME, PASSWORD)
    ask(session, server)
    session.auth = None
    assert ask(session, server).status_code == 200
    session.close()
    assert ask(requests.Session(), server).status_code == 401


def test_ntlm_refuses_a_wrong_password_and_an_unknown_account(server: SandboxProcess) -> None:
    for user, password in ((NAME, "wrong"), ("EXAMPLE\\nobody", PASSWORD), ("OTHER\\svc-timetable", PASSWORD)):
        session = requests.Session()
        session.auth = HttpNtlmAuth(user, password)
        assert ask(session, server).status_code == 401
    assert server.client.wrong_passwords() == {NAME: 1}


def test_an_answer_to_another_challenge_is_refused(server: SandboxProcess) -> None:
    """Replayed on another connection it answers another nonce."""
    client = spnego.client(NAME, PASSWORD, hostname="127.0.0.1", service="http", protocol="ntlm")
    first = base64.b64encode(client.step() or b"").decode()
    one, other = requests.Session(), requests.Session()
    challenge = ask(one, server, Authorization=f"NTLM {first}").headers["WWW-Authenticate"].partition(" ")[2]
    answer = base64.b64encode(client.step(base64.b64decode(challenge)) or b"").decode()
    assert ask(other, server, Authorization=f"NTLM {answer}").status_code == 401, "no challenge was given there"
    ask(other, server, Authorization=f"NTLM {first}")
    assert ask(other, server, Authorization=f"NTLM {answer}").status_code == 401, "another challenge was given there"
    assert ask(one, server, Authorization=f"NTLM {answer}").status_code == 200
    assert ask(requests.Session(), server, Authorization=f"NTLM {answer}").status_code == 401


def test_an_answer_that_was_tampered_with_is_refused(server: SandboxProcess) -> None:
    client = spnego.client(NAME, PASSWORD, hostname="127.0.0.1", service="http", protocol="ntlm")
    session = requests.Session()
    first = base64.b64encode(client.step() or b"").decode()
    challenge = ask(session, server, Authorization=f"NTLM {first}").headers["WWW-Authenticate"].partition(" ")[2]
    answer = bytearray(client.step(base64.b64decode(challenge)) or b"")
    answer[75] ^= 1  # in the message integrity code
    assert ask(session, server, Authorization="NTLM " + base64.b64encode(answer).decode()).status_code == 401


@pytest.mark.parametrize("message", ["", "!", "TlRMTVNTUAA=", base64.b64encode(b"NTLMSSP\0" + b"\3\0\0\0" + b"\xff" * 80).decode()])
def test_what_is_no_ntlm_is_refused(server: SandboxProcess, message: str) -> None:
    assert ask(requests.Session(), server, Authorization=f"NTLM {message}").status_code == 401


def test_basic_lets_in_who_knows_the_password_in_utf_8(server: SandboxProcess) -> None:
    session = requests.Session()
    assert ask(session, server, Authorization=basic(PRINCIPAL, PASSWORD)).status_code == 200
    refused = ask(session, server, Authorization=basic(PRINCIPAL, "wrong"))
    assert refused.status_code == 401
    assert 'Basic realm="' in refused.headers["WWW-Authenticate"]
    assert "NTLM" in refused.headers["WWW-Authenticate"]


def test_wrong_passwords_lock_the_account(server: SandboxProcess) -> None:
    session = requests.Session()
    for _ in range(LOCKED_AFTER):
        ask(session, server, Authorization=basic(NAME, "wrong"))
    assert ask(session, server, Authorization=basic(NAME, PASSWORD)).status_code == 401


def test_what_is_not_offered_lets_nobody_in(server: SandboxProcess) -> None:
    server.client.offer_sign_ins("ntlm")
    refused = ask(requests.Session(), server, Authorization=basic(NAME, PASSWORD))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "NTLM")


def test_impersonation_reaches_as_far_as_its_scope(server: SandboxProcess) -> None:
    session = requests.Session()
    assert ask(session, server, Authorization=basic(NAME, PASSWORD)).status_code == 200
    denied = ask(session, server, "rector@example.ac.uk", Authorization=basic(NAME, PASSWORD))
    assert "ErrorImpersonateUserDenied" in denied.text


def test_a_mailbox_can_refuse_ews_by_itself(server: SandboxProcess) -> None:
    server.client.refuse_ews("comp101@groups.example.ac.uk", "ErrorAccessDenied")
    assert "ErrorAccessDenied" in ask(requests.Session(), server, Authorization=basic(NAME, PASSWORD)).text


def test_accounts_and_refusals_are_kept(server: SandboxProcess) -> None:
    server.client.refuse_ews("comp101@groups.example.ac.uk")
    server.client.snapshot("with accounts")
    server.client.offer_sign_ins("bearer")
    server.client.restore("with accounts")
    assert "ErrorAccessDenied" in ask(requests.Session(), server, Authorization=basic(NAME, PASSWORD)).text
