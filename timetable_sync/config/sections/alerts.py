"""``[alerts]``, ``[mail]``, ``[webhook]``, ``[apprise]``, ``[pings]`` and ``[metrics]``: who is told of a night, of what, and how."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from timetable_sync.config import validators
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.table import LocalPath, Section, ServiceUrl, Text, Whole
from timetable_sync.config.units import SomeTime

Kind = Literal["failed", "held", "certificate", "rows"]


class Alerts(Section):
    """Of what people are told, once and not every night anew, by the ways that [mail], [webhook] and [apprise] set up."""

    on: list[Kind] = Field(
        ["failed", "held", "certificate"],
        description='What is told, and that it is over: "failed" (the run, or calendars), "held" by a guard, "certificate" (30 and 7 days '
        'before its end, and when it ended), "rows" that are set aside.',
    )
    remind: SomeTime | None = Field(
        None, description="What was told and still lasts is told again after so long; without it never.", examples=["7 days"]
    )
    digest: Literal["never", "nightly", "weekly"] = Field(
        "never", description='How the nights went, also when all was well: "never", "nightly" or "weekly".'
    )
    report: Literal["attach", "link", "none"] = Field(
        "attach", description='The night\'s report: "attach" it to mails, "link" to it (alerts.link), or "none".'
    )
    link: str | None = Field(
        None,
        description="Where people find report.directory; {{ report }} is the file's name.",
        examples=["https://reports.example.ac.uk/timetable/{{ report }}"],
    )
    subject: Annotated[str, AfterValidator(validators.template)] | None = Field(
        None, description="Template of the subject instead of the built-in one.", examples=["[{{ source }}] {{ headline }}"]
    )
    text: LocalPath | None = Field(
        None, description="File with a Jinja2 template of the text instead of the built-in one.", examples=["alert.txt.jinja"]
    )
    timeout: SomeTime = Field(timedelta(seconds=30), description="How long to wait for a mail server, a webhook or a ping.")


class Mail(Section):
    """Alerts by mail, over SMTP. Set up by naming server, sender and to."""

    server: Text | None = Field(None, description="Name of the mail server.", examples=["smtp.example.ac.uk"])
    port: Whole | None = Field(
        None, ge=1, le=65535, description="Its port; without it 587 for starttls, 465 for tls, 25 for none.", examples=[587]
    )
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is protected.")
    user: Text | None = Field(None, description="Name to sign in with.", examples=["timetable-sync"])
    password: SecretRef | None = Field(None, description="Its password, by reference.", examples=[{"credential": "smtp"}])
    sender: Text | None = Field(None, description="Address that mails come from.", examples=["timetable-sync@example.ac.uk"])
    to: list[Text] = Field([], description="Addresses that mails go to.", examples=[["timetable-team@example.ac.uk"]])

    @model_validator(mode="after")
    def _complete(self) -> "Mail":
        if self.server is not None and (self.sender is None or not self.to):
            raise ValueError("with a server, sender and to are needed as well")
        if self.server is None and (self.sender is not None or self.to):
            raise ValueError("without a server nothing is ever sent")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.password is not None and self.security == "none" and not validators.is_loopback(self.server or ""):
            raise ValueError('a password is not sent with security = "none"')
        return self


class Webhook(Section):
    """Alerts as a POST of JSON; chat services that take { "text": ... } understand it."""

    address: ServiceUrl | None = Field(None, description="Where it goes.", examples=["https://hooks.example.ac.uk/timetable"])
    secret_address: SecretRef | None = Field(
        None,
        description="The same by reference, as it may be a secret; it comes first.",
        examples=[{"credential": "webhook"}],
    )
    token: SecretRef | None = Field(None, description="Sent as a bearer token, by reference.", examples=[{"credential": "webhook-token"}])


class Apprise(Section):
    """Alerts through Apprise, which knows some hundred services; needs the extra: pip install 'timetable-sync[alerts]'."""

    urls: SecretRef | None = Field(
        None, description="Apprise's addresses, one a line, by reference.", examples=[{"file": "secrets/apprise.txt"}]
    )


class Pings(Section):
    """A watchdog that is told when a night starts and how it ended, and that calls you when no night came (as healthchecks.io does)."""

    address: ServiceUrl | None = Field(
        None,
        description="Its address: /start is added when a night begins, nothing when it went well, /fail otherwise. A night that finds "
        "another at work pings nothing: the other one does.",
        examples=["https://hc-ping.com/00000000-0000-0000-0000-000000000000"],
    )
    secret_address: SecretRef | None = Field(None, description="The same by reference; it comes first.", examples=[{"credential": "ping"}])


class Metrics(Section):
    """Numbers for Prometheus."""

    textfile: LocalPath | None = Field(
        None,
        description="File for the node exporter, written anew after each run; ends in .prom.",
        examples=["/var/lib/node_exporter/textfile_collector/timetable-sync.prom"],
    )
    listen: Annotated[str, AfterValidator(validators.loopback_port)] | None = Field(
        None, description="Where the daemon answers Prometheus, on this very machine.", examples=["127.0.0.1:9464"]
    )

    @model_validator(mode="after")
    def _ending(self) -> "Metrics":
        if self.textfile is not None and self.textfile.suffix != ".prom":
            raise ValueError("textfile: the node exporter reads files that end in .prom alone")
        return self
