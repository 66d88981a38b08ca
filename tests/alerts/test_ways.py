"""Each way on which alerts go, to a real server: mail by STARTTLS with a password, a webhook with a token, Apprise; ``alert test``."""

import json
import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.alerts.listeners import Listener, listener, mail_server
from tests.cli.command_line import typed
from tests.night_world import Meeting, NightWorld
from timetable_sync.alerts.around_run import attended
from timetable_sync.config.load import load
from timetable_sync.entra.certificate_making import make_certificate
from timetable_sync.errors import UsageError
from timetable_sync.reports.summary import RunSummary

MAIL = """
[mail]
server = "127.0.0.1"
port = {port}
sender = "timetable-sync@example.ac.uk"
to = ["team@example.ac.uk"]
"""


@pytest.fixture
def web() -> Iterator[Listener]:
    with listener() as heard:
        yield heard


def secret(folder: Path, name: str, value: str) -> None:
    (folder / name).touch(0o600)
    (folder / name).write_text(value + "\n", "utf-8")


def weekly(weeks: int = 10) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [("A1", "COMP101", f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for day in days]


def held(world: NightWorld) -> list[str]:
    """A good night, then one that holds COMP101; gives what went wrong with telling of it."""
    world.calendar("COMP101")
    for meetings in (weekly(), weekly(2)):
        world.timetable(meetings)
        troubles = night(world)[1]
    return troubles


def night(world: NightWorld) -> tuple[RunSummary, list[str]]:
    with attended(load(world.configuration, {}).settings, os.environ) as attendant:
        summary = world.night(begun=attendant.begun)
        return summary, attendant.after(summary)


def certificate_of_the_server(folder: Path) -> ssl.SSLContext:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    kept = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(pem + kept)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_mail_goes_by_starttls_with_a_password_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(server: object, session: object, envelope: object, mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        seen.append((given.login, given.password))
        return AuthResult(success=given.password == b"canary-of-the-mail", handled=False)

    secret(tmp_path, "smtp.txt", "canary-of-the-mail")
    context = certificate_of_the_server(tmp_path)
    with mail_server(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True) as mail:
        more = MAIL.format(port=mail.port) + 'user = "timetable-sync"\npassword = { file = "smtp.txt" }\n'
        world = NightWorld(tmp_path, more)
        # A server that nobody vouches for gets neither the mail nor the password.
        (trouble,) = held(world)
        assert "certificate verify failed" in trouble
        assert seen == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert night(world)[1] == []
        assert seen == [(b"timetable-sync", b"canary-of-the-mail")]
        assert mail.subjects == ["timetable-sync: COMP101 held"]
        # A wrong password is said, without the password.
        secret(tmp_path, "smtp.txt", "canary-that-is-wrong")
        world.timetable(weekly())
        (trouble,) = night(world)[1]
        assert "535" in trouble
        assert "canary" not in trouble


def test_mail_goes_by_tls_from_the_first_byte_as_on_port_465(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def authenticate(server: object, session: object, envelope: object, mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        seen.append(given.password)
        return AuthResult(success=True)

    secret(tmp_path, "smtp.txt", "canary-of-the-mail")
    context = certificate_of_the_server(tmp_path)
    # All of the connection is TLS, so that the server itself need not ask for it before it lets anybody log in.
    with mail_server(from_the_first_byte=context, authenticator=authenticate, auth_required=True, auth_require_tls=False) as mail:
        more = MAIL.format(port=mail.port) + 'security = "tls"\nuser = "timetable-sync"\npassword = { file = "smtp.txt" }\n'
        world = NightWorld(tmp_path, more)
        (trouble,) = held(world)
        assert "certificate verify failed" in trouble
        assert seen == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert night(world)[1] == []
        assert seen == [b"canary-of-the-mail"]
        assert mail.subjects == ["timetable-sync: COMP101 held"]


def test_a_webhook_gets_its_token_and_never_shows_it(tmp_path: Path, web: Listener) -> None:
    secret(tmp_path, "token.txt", "canary-of-the-hook")
    more = f'\n[webhook]\naddress = "{web.address}/hook"\ntoken = {{ file = "token.txt" }}\n'
    world = NightWorld(tmp_path, more)
    assert held(world) == []
    ((path, headers, _),) = web.posts
    assert (path, headers["Authorization"]) == ("/hook", "Bearer canary-of-the-hook")
    assert web.json()["text"].startswith("timetable-sync: COMP101 held\n\nNight of ")
    web.status = 403
    world.timetable(weekly())
    assert night(world)[1] == ["the alert by webhook was not sent: the webhook at 127.0.0.1 answered HTTP 403"]


def test_apprise_takes_the_message_to_its_services_with_the_report(tmp_path: Path, web: Listener) -> None:
    secret(tmp_path, "apprise.txt", f"# our services\njson://127.0.0.1:{web.port}/team")
    world = NightWorld(tmp_path, '\n[apprise]\nurls = { file = "apprise.txt" }\n')
    assert held(world) == []
    assert web.paths == ["/team"]
    told = web.json()
    assert told["title"] == "timetable-sync: COMP101 held"
    assert "COMP101  held: 8 of 10 events would be deleted" in told["message"]
    assert [attachment["filename"][-5:] for attachment in told["attachments"]] == [".html"]
    web.status = 500
    world.timetable(weekly())
    assert night(world)[1] == [
        "the alert by apprise was not sent: Apprise could not send to all of apprise.urls; with -vvv the log says more"
    ]
    secret(tmp_path, "apprise.txt", "no-such-service-canary://x")
    (trouble,) = night(world)[1]
    assert "apprise.urls: line 1 is no address that Apprise knows" in trouble
    assert "canary" not in trouble


@pytest.mark.parametrize("spared", ["", "elsewhere.example.ac.uk"])
def test_no_alert_for_this_very_machine_passes_the_environments_proxy(
    tmp_path: Path, web: Listener, monkeypatch: pytest.MonkeyPatch, spared: str
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", spared)
    secret(tmp_path, "apprise.txt", f"json://127.0.0.1:{web.port}/team")
    address = f"http://127.0.0.1:{web.port}"
    sections = (
        f'\n[apprise]\nurls = {{ file = "apprise.txt" }}\n[webhook]\naddress = "{address}/hook"\n[pings]\naddress = "{address}/ping"\n'
    )
    world = NightWorld(tmp_path, sections)
    with listener() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        assert held(world) == []
        assert proxy.paths == []
    assert sorted(web.paths) == ["/hook", "/ping", "/ping/fail", "/ping/start", "/ping/start", "/team"]
    assert (os.environ["NO_PROXY"], os.environ.get("no_proxy")) == (spared, None)


def test_the_report_is_attached_linked_or_left_out(tmp_path: Path) -> None:
    with ExitStack() as stack:
        mail = stack.enter_context(mail_server())
        more = (
            MAIL.format(port=mail.port)
            + 'security = "none"\n[alerts]\nreport = "link"\nlink = "https://reports.example.ac.uk/{{ report }}"\n'
        )
        world = NightWorld(tmp_path, more)
        held(world)
        assert "Report: https://reports.example.ac.uk/timetable_20" in mail.text()
        assert "_run-2.html" in mail.text()
        assert list(mail.letters[-1].iter_attachments()) == []
        world.configuration.write_text(world.configuration.read_text().replace('report = "link"', 'report = "none"'))
        world.timetable(weekly())
        night(world)
        assert "Report:" not in mail.text()


def test_a_night_tells_of_a_certificate_that_ends_once(tmp_path: Path) -> None:
    with mail_server() as mail:
        world = NightWorld(tmp_path, MAIL.format(port=mail.port) + 'security = "none"\n')
        world.calendar("COMP101")
        world.timetable(weekly())
        new_certificate(tmp_path / "certificate.pem", 20)
        for _ in range(3):
            assert night(world)[0].exit_code == 0
        assert [subject.partition(", on ")[0] for subject in mail.subjects] == ["timetable-sync: the certificate expires in 20 days"]
        assert "timetable-sync certificate roll" in mail.text()
        new_certificate(tmp_path / "certificate.pem", 300)
        night(world)
        assert mail.subjects[1].startswith("timetable-sync: over: the certificate expires in 20 days")


def new_certificate(file: Path, days: int) -> None:
    """One that ends in so many days and an hour."""
    made = make_certificate(subject="night", bits=2048, days=days + 1, now=datetime.now(UTC) - timedelta(hours=23))
    file.write_bytes(made.certificate_pem + made.key_pem)


def test_a_night_that_cannot_even_begin_is_told_and_pinged(
    tmp_path: Path, web: Listener, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more = f'\n[report]\ndirectory = "file/reports"\n[pings]\naddress = "{web.address}/uuid"\n[webhook]\naddress = "{web.address}/hook"\n'
    world = NightWorld(tmp_path, more)
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert typed("run", "-q") == 2
    assert "report.directory" in capsys.readouterr().err
    assert web.paths == ["/hook", "/uuid/fail"]
    assert "report.directory" in web.json(0)["new"][0]["sentence"]
    del world


def test_what_nobody_foresaw_is_told_and_stands_on_record_as_failed(
    tmp_path: Path, web: Listener, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world = NightWorld(tmp_path, f'\n[webhook]\naddress = "{web.address}/hook"\n')
    world.calendar("COMP101")
    world.timetable(weekly())
    night(world)

    def broken(*words: object) -> None:
        raise ZeroDivisionError("canary of somebody's data")

    monkeypatch.setattr(world.backend, "stamp", broken)
    monkeypatch.setattr(world.backend, "snapshot", broken)
    world.timetable(weekly(9))
    with pytest.raises(ZeroDivisionError):
        night(world)
    assert web.json()["new"][0]["sentence"] == "unexpected ZeroDivisionError"
    assert len(web.posts) == 1
    assert typed("history") == 0
    assert "failed: unexpected ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json"])
def test_alert_test_sends_one_by_every_way_and_says_what_became_of_it(
    tmp_path: Path, web: Listener, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with mail_server() as mail:
        NightWorld(tmp_path, MAIL.format(port=mail.port) + f'security = "none"\n[webhook]\naddress = "{web.address}/hook"\n')
        assert typed("alert", "test", "--format", form) == 0
        said = capsys.readouterr().out
        if form == "text":
            assert said == "mail     sent\nwebhook  sent\n"
        else:
            assert [channel["sent"] for channel in json.loads(said)["channels"]] == [True, True]
        assert "this is a trial: nothing is held, and nothing has to be done" in mail.text()
        assert len(mail.letters) == len(web.posts) == 1
        mail.inbox.refuses = True
        assert typed("alert", "test", "--format", form) == 1
        assert "451 4.3.0 try again later" in capsys.readouterr().out
    assert not (tmp_path / "state.db").exists()


def test_alert_test_without_any_way_says_what_to_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    NightWorld(tmp_path)
    assert typed("alert", "test") == 2
    assert "Set up [mail], [webhook] or [apprise]." in capsys.readouterr().err


def test_a_secret_in_the_configuration_itself_is_refused(tmp_path: Path) -> None:
    world = NightWorld(tmp_path, MAIL.format(port=25) + 'user = "x"\npassword = "canary"\n')
    with pytest.raises(UsageError) as raised:
        load(world.configuration, {})
    assert "canary" not in str(raised.value)
