"""Sends messages by mail, webhook or Apprise, and pings for a watchdog that calls when no night came.

Each way sends one message or raises NotSent, whose words hold no secret. Pings are start, success and fail, as healthchecks.io and its like
take them (https://healthchecks.io/docs/http_api/): the bare address is success, /start and /fail are added, a body is kept for people
to read.
"""

import email.policy
import json
import smtplib
import socket
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

import requests

from timetable_sync import __version__
from timetable_sync.alerts.message import Message
from timetable_sync.config.schema import Settings
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.alerts import Apprise, Mail, Webhook
from timetable_sync.config.validators import is_loopback, service_url
from timetable_sync.errors import UsageError
from timetable_sync.network.adapter import session_by
from timetable_sync.network.proxy import loopback_spared
from timetable_sync.redaction import redact

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
#: A subject of ours is not folded: some programs show the blank that a fold at its beginning leaves.
_POLICY: Final = email.policy.default.clone(max_line_length=300)
_AGENT: Final = f"timetable-sync/{__version__}"


class NotSent(Exception):
    """A message did not go out: what, where, and why, in one line."""


class Channel(Protocol):
    """One way to people. ``name`` stands in the record of who was told what: it never changes."""

    @property
    def name(self) -> str:
        """As the record knows it."""
        ...

    def send(self, message: Message) -> None:
        """Sends it, or raises NotSent or UsageError."""
        ...


def channels(settings: Settings, environ: Mapping[str, str]) -> list[Channel]:
    """Those that the configuration sets up. Secrets are read when something is sent."""
    timeout = settings.alerts.timeout.total_seconds()
    found: list[Channel] = []
    if settings.mail.server is not None:
        found.append(ByMail(settings.mail, environ, timeout))
    if settings.webhook.address is not None or settings.webhook.secret_address is not None:
        found.append(ByWebhook(settings.webhook, environ, timeout))
    if settings.apprise.urls is not None:
        found.append(ByApprise(settings.apprise, environ))
    return found


@dataclass(frozen=True)
class ByMail:
    """Over SMTP, with the report attached where there is one."""

    settings: Mail
    environ: Mapping[str, str]
    timeout: float
    name: str = "mail"

    def send(self, message: Message) -> None:
        """One mail to all addresses."""
        mail = self.settings
        server, port = mail.server or "", mail.port or _PORTS[mail.security]
        password = None if mail.password is None else mail.password.read_text("mail.password", self.environ)
        letter = self._letter(message)
        try:
            with self._connection(server, port) as connection:
                if mail.security == "starttls":
                    connection.starttls(context=ssl.create_default_context())
                if mail.user is not None and password is not None:
                    connection.login(mail.user, password)
                refused = connection.send_message(letter)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"the mail server {server}:{port} did not take the mail: {_plainly(error)}") from None
        if refused:
            raise NotSent(f"the mail server {server}:{port} refused {', '.join(refused)}")

    def _connection(self, server: str, port: int) -> smtplib.SMTP:
        if self.settings.security == "tls":
            return smtplib.SMTP_SSL(server, port, timeout=self.timeout, context=ssl.create_default_context())
        return smtplib.SMTP(server, port, timeout=self.timeout)

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage(policy=_POLICY)
        letter["Subject"] = message.subject
        letter["From"] = self.settings.sender
        letter["To"] = ", ".join(self.settings.to)
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = make_msgid(domain=(self.settings.sender or "").rpartition("@")[2] or socket.gethostname())
        # https://www.rfc-editor.org/rfc/rfc3834#section-5: nobody's holiday notice answers it.
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        if message.attachment is not None:
            letter.add_attachment(message.attachment.content, maintype="text", subtype="html", filename=message.attachment.name)
        return letter


@dataclass(frozen=True)
class ByWebhook:
    """A POST of JSON: ``text`` for chat services, everything else for programs."""

    settings: Webhook
    environ: Mapping[str, str]
    timeout: float
    name: str = "webhook"

    def send(self, message: Message) -> None:
        """One request; any answer but 2xx is a failure."""
        address = address_of(self.settings.address, self.settings.secret_address, "webhook", self.environ)
        headers = {"User-Agent": _AGENT, "Content-Type": "application/json"}
        if self.settings.token is not None:
            headers["Authorization"] = f"Bearer {self.settings.token.read_text('webhook.token', self.environ)}"
        facts: dict[str, Any] = {"schema": 1, "text": f"{message.subject}\n\n{message.text}", "subject": message.subject, **message.facts}
        post(address, json.dumps(facts).encode(), headers, self.timeout, "the webhook")


@dataclass(frozen=True)
class ByApprise:
    """Whatever services Apprise knows, by addresses that are secrets themselves."""

    settings: Apprise
    environ: Mapping[str, str]
    name: str = "apprise"

    def send(self, message: Message) -> None:
        """One message to all of them; that one of them fails is a failure."""
        try:
            import apprise  # noqa: PLC0415 - an extra
        except ImportError:
            raise UsageError("[apprise] is set up, but Apprise is not installed", "pip install 'timetable-sync[alerts]'") from None
        if self.settings.urls is None:
            return
        urls = [line.strip() for line in self.settings.urls.read_text("apprise.urls", self.environ).splitlines()]
        courier = apprise.Apprise()
        for number, url in enumerate(urls, 1):
            if url and not url.startswith("#") and not courier.add(url):
                raise UsageError(f"apprise.urls: line {number} is no address that Apprise knows", "See Apprise's list of services.")
        with tempfile.TemporaryDirectory(prefix="timetable-sync-") as folder:
            attach = None
            if message.attachment is not None:
                attach = Path(folder) / message.attachment.name
                attach.write_bytes(message.attachment.content)
            with loopback_spared():
                sent = courier.notify(title=message.subject, body=message.text, attach=None if attach is None else str(attach))
        if not sent:
            raise NotSent("Apprise could not send to all of apprise.urls; with -vvv the log says more")


def address_of(plain: str | None, secret: SecretRef | None, section: str, environ: Mapping[str, str]) -> str:
    """The address that a section names, the secret one first. Raises UsageError, without the address in it."""
    if secret is None:
        return plain or ""
    given = secret.read_text(f"{section}.secret_address", environ).strip()
    try:
        parts = urlsplit(given)
        if parts.scheme == "https" and parts.hostname:
            return given
        if parts.scheme == "http" and is_loopback(parts.hostname or ""):
            return given
        service_url(given.partition("?")[0])
    except ValueError as error:
        raise UsageError(f"{section}.secret_address {error}", "It must be the whole address, https:// and all.") from None
    return given


def post(address: str, body: bytes, headers: Mapping[str, str], timeout: float, what: str) -> None:
    """One POST. Raises NotSent; the address is a secret where it has a path, so only its host is said."""
    host = urlsplit(address).hostname or "?"
    try:
        with session_by(None) as session:
            answer = session.post(address, data=body, headers=dict(headers), timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        raise NotSent(f"{what} at {host} could not be reached: {type(error).__name__}") from None
    if not 200 <= answer.status_code < 300:
        raise NotSent(f"{what} at {host} answered HTTP {answer.status_code}")


def _plainly(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return redact(f"{error.smtp_code} {' '.join(said.split())}"[:200])
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {', '.join(error.recipients)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return redact(" ".join(str(error).split())[:200]) or type(error).__name__


Signal = Literal["start", "success", "fail"]

_ADDED: Final[dict[Signal, str]] = {"start": "/start", "success": "", "fail": "/fail"}
#: Healthchecks keeps so much of a body.
_LONGEST: Final = 10_000


def ping(settings: Settings, signal: Signal, text: str, environ: Mapping[str, str]) -> None:
    """One ping, if [pings] sets one up. Raises NotSent or UsageError."""
    pings = settings.pings
    if pings.address is None and pings.secret_address is None:
        return
    parts = urlsplit(address_of(pings.address, pings.secret_address, "pings", environ))
    address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + _ADDED[signal]))
    headers = {"User-Agent": f"timetable-sync/{__version__}", "Content-Type": "text/plain; charset=utf-8"}
    post(address, text.encode("utf-8", "replace")[:_LONGEST], headers, settings.alerts.timeout.total_seconds(), "the watchdog")
