"""Every key of the configuration: its type, unit, default and meaning. The example and the reference are made from here."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from timetable_sync.settings.quantities import Duration, Share, parse_share, show_share
from timetable_sync.settings.secret import SecretRef


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is not an IANA time zone, such as "Europe/London"') from None
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
BusyName = Literal["free", "tentative", "busy", "out-of-office", "working-elsewhere"]
SensitivityName = Literal["normal", "personal", "private", "confidential"]
Reminder = Literal["off"] | Duration


class Section(BaseModel):
    """A table of the configuration: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Column(Section):
    """Which column of the query a field is read from."""

    column: str = Field(description="Name of the column in the query's result.")
    many: bool = Field(False, description="Several rows of one lesson differ in it: collect them into a sorted set.")
    split: str | None = Field(None, description='Several values stand in one column, separated by this text, as in ",".')
    values: list[str | int | bool] | None = Field(None, description="For cancelled: the values that mean yes. Without it: 1, true, Y, yes.")
    action: Literal["delete", "mark"] = Field(
        "delete", description='For cancelled: "delete" removes the event, "mark" leaves it, shown as cancelled and free.'
    )
    unit: Literal["minutes", "hours", "seconds"] = Field("minutes", description="For duration: the unit of the number.")


ColumnOf = Annotated[Column, BeforeValidator(_column)]


class Timetable(Section):
    """Where the timetable is, and what its columns mean."""

    source: str = Field(
        "timetable",
        min_length=1,
        max_length=30,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Name of this source. It stands in every event's key: changing it later makes all events foreign.",
    )
    url: str = Field(
        description="SQLAlchemy URL of the database, without the password.",
        examples=["postgresql+psycopg://timetable_reader@db.example.ac.uk/timetable"],
    )
    password: SecretRef | None = Field(None, description="The database password, by reference.", examples=[{"credential": "timetable-db"}])
    time_zone: ZoneName = Field(description="IANA zone that times without a zone are in.", examples=["Europe/London"])
    period: str = Field(
        "",
        max_length=30,
        description="Year or semester, part of every event's key, as ids return later for other events.",
        examples=["2026/27"],
    )
    query: str = Field(description='The SQL query, or "file:" and a path (relative to this file).', examples=["file:timetable.sql"])
    columns: dict[str, ColumnOf] = Field(
        description="Which column is what. Needed: calendar, start, end or duration, title, and activity (or key, an id that stays). "
        "Known besides: period, type, cancelled, rooms, staff, groups. Any further name is at the templates' disposal.",
    )
    timeout: Duration = Field(timedelta(minutes=10), description="How long the query may take before it is given up.")

    @model_validator(mode="after")
    def _complete(self) -> "Timetable":
        lacking = [name for name in ("calendar", "start", "title") if name not in self.columns]
        if "end" not in self.columns and "duration" not in self.columns:
            lacking.append("end (or duration)")
        if "activity" not in self.columns and "key" not in self.columns:
            lacking.append("activity (or key)")
        if lacking:
            raise ValueError(f"columns lacks {', '.join(lacking)}")
        if "activity" in self.columns and "key" in self.columns:
            raise ValueError("columns names both activity and key; only one can make the events' identity")
        return self


class Calendars(Section):
    """Which calendars are written, and how."""

    backend: Literal["ews"] = Field("ews", description="The kind of calendar service.")
    address: str = Field(description="Template of a calendar's mail address.", examples=["{{ calendar | lower }}@groups.example.ac.uk"])
    allow: list[str] = Field(
        min_length=1, description="Patterns of addresses; no other mailbox is ever written.", examples=[["*@groups.example.ac.uk"]]
    )
    pilot: list[str] | None = Field(None, description="Patterns of calendar names; only these are visited for now.")
    report_only: list[str] = Field([], description="Patterns of calendar names that are compared and reported, never written.")


class Look(Section):
    """What can be set for all events and, by rules, for some."""

    categories: list[str] | None = Field(None, description="Outlook categories, as templates. Without it they are left alone.")
    busy: BusyName | None = Field(None, description="How the time is shown to others.")
    reminder: Reminder | None = Field(None, description='"off", or how long before the start, as in "15 minutes".')
    sensitivity: SensitivityName | None = Field(None, description="Who may see the details.")


class EventRule(Look):
    """An exception for events whose columns have these values.

    Rules on calendar win over rules on type, those over others; among equals the later one wins.
    """

    when: dict[str, str | list[str]] = Field(
        min_length=1, description="Column names and the value, pattern or list of them that an event must have."
    )
    subject: str | None = Field(None, description="Another template for the subject.")
    location: str | None = Field(None, description="Another template for the location.")
    body: str | None = Field(None, description="Another template for the body.")


class EventLook(Look):
    """What an event looks like. Templates are Jinja2, over the columns named above."""

    subject: str = Field("{{ title }}", description="Template of the subject; cut at 255 characters.")
    location: str | None = Field(None, description="Template of the location. Without it the location is left alone.")
    body: str | None = Field(None, description="Template of the body. Without it the body is left alone.")
    body_kind: Literal["text", "html"] = Field("text", description="Whether the body is text or HTML (then columns are escaped in it).")
    busy: BusyName = Field("busy", description="How the time is shown to others.")
    reminder: Reminder = Field("off", description='"off", or how long before the start, as in "15 minutes".')
    sensitivity: SensitivityName = Field("normal", description="Who may see the details.")
    cancelled_subject: str = Field(
        "Cancelled: {{ subject }}",
        description='Template of the subject of a lesson that is cancelled, where cancelled has action = "mark".',
    )
    rules: list[EventRule] = Field([], description="Exceptions, by the values of columns.")


class WindowSpan(Section):
    """From when to when events are kept right. What starts before is left as it was."""

    future: Duration = Field(
        timedelta(days=180), description="How far ahead, in days from today; to the end of that day in the timetable's zone."
    )
    past: Duration = Field(timedelta(0), description="How far back from the start of the run.")


class Drift(Section):
    """What to do when somebody edited or deleted an event of ours."""

    edited: Literal["restore", "keep", "report"] = Field(
        "restore", description="restore writes it back; keep leaves it until the timetable changes it; report also names it."
    )
    deleted: Literal["restore", "keep", "report"] = Field(
        "restore", description="restore makes it anew; keep leaves it deleted until the timetable changes it; report also names it."
    )


class Limit(Section):
    """How many deletes are let through: a share, but at least and at most so many."""

    share: Share = Field(description="Share of our events that stand in the window.")
    at_least: int = Field(0, ge=0, description="So many are always let through, so that small calendars raise no false alarm.")
    at_most: int | None = Field(None, ge=0, description="More than this many are never let through, whatever the share.")

    def allowed(self, of: int) -> int:
        """How many out of ``of`` are let through."""
        allowed = max(int(self.share * of + 1e-9), self.at_least)
        return allowed if self.at_most is None else min(allowed, self.at_most)

    def text(self) -> str:
        """The limit as it is said in a sentence: "30 %, at least 5"."""
        parts = [show_share(self.share)]
        if self.at_least:
            parts.append(f"at least {self.at_least}")
        if self.at_most is not None:
            parts.append(f"at most {self.at_most}")
        return ", ".join(parts)


def _limit(floor: int) -> Any:
    def from_text(value: object) -> object:
        if isinstance(value, str):
            parse_share(value)
            return {"share": value, "at_least": floor}
        if isinstance(value, dict) and "at_least" not in value:
            return {**value, "at_least": floor}
        return value

    return BeforeValidator(from_text)


class Guards(Section):
    """Limits that hold a calendar's plan, or the run's, judged before the first write."""

    deletes_in_run: Annotated[Limit, _limit(10)] = Field(
        Limit.model_validate({"share": "10 %", "at_least": 10}),
        description='Deletes of the whole run: "10 %", or { share = "10 %", at_least = 10, at_most = 2000 }.',
    )
    deletes_in_calendar: Annotated[Limit, _limit(5)] = Field(
        Limit.model_validate({"share": "30 %", "at_least": 5}), description="Deletes in one calendar, likewise."
    )
    shrunken_timetable: Share = Field(
        0.2, validate_default=False, description="How much smaller than what stands in the window the timetable may be."
    )


class Entra(Section):
    """The app registration in Microsoft Entra ID and its certificate."""

    tenant: str = Field(
        min_length=1, description="Tenant id or one of its domain names.", examples=["00000000-0000-0000-0000-000000000000"]
    )
    client: str = Field(min_length=1, description="Application (client) id.", examples=["11111111-1111-1111-1111-111111111111"])
    certificate: SecretRef = Field(description="The certificate, PEM or PKCS#12.", examples=[{"credential": "certificate.pem"}])
    key: SecretRef | None = Field(
        None,
        description="Its private key; without it, the key is looked for in the certificate's file.",
        examples=[{"credential": "certificate-key.pem"}],
    )
    passphrase: SecretRef | None = Field(None, description="Passphrase of the key.")
    algorithm: Literal["PS256", "RS256"] = Field("PS256", description="PS256 with x5t#S256 (today), or RS256 with x5t (older).")
    version: Literal["v2", "v1"] = Field("v2", description="Version of the token endpoint.")
    authority: str = Field(
        "https://login.microsoftonline.com", description="Address of the sign-in service; national clouds have their own."
    )
    scope: str = Field(
        "https://outlook.office365.com/.default",
        description="What the token is for. For v1 the part before /.default is sent as the resource.",
    )
    ca_bundle: Path | None = Field(None, description="File of CA certificates to trust instead of the usual ones.")
    timeout: Duration = Field(timedelta(seconds=30), description="How long to wait for an answer.")


class Ews(Section):
    """Exchange Web Services."""

    endpoint: str = Field("https://outlook.office365.com/EWS/Exchange.asmx", description="Address of the service.")
    anchor: str = Field("mailbox", description='X-AnchorMailbox: "mailbox" for the mailbox that is worked on, or one address for all.')
    version: Literal["Exchange2013", "Exchange2013_SP1", "Exchange2016"] = Field("Exchange2016", description="Protocol version to ask for.")
    batch: int = Field(25, ge=1, le=100, description="Events in one request. Exchange gives a batch one minute.")
    timeout: Duration = Field(timedelta(seconds=120), description="How long to wait for an answer.")
    ca_bundle: Path | None = Field(None, description="File of CA certificates to trust instead of the usual ones.")


class Run(Section):
    """How a night works."""

    calendars_at_once: int = Field(
        8, ge=1, le=64, description="Calendars worked on at the same time. Microsoft advises at most 10 open requests."
    )
    deadline: Duration = Field(timedelta(hours=3), description="After this long no new batch is begun; the rest waits for the next night.")


class Schedule(Section):
    """When the daemon wakes."""

    cron: str = Field("0 2 * * *", description="Cron expression.")
    time_zone: ZoneName = Field("UTC", description="IANA zone of the cron expression.")


class StateDatabase(Section):
    """The ledger, the history and the lease."""

    url: str = Field("sqlite:////var/lib/timetable-sync/state.db", description="SQLAlchemy URL: SQLite, or PostgreSQL for several hosts.")
    password: SecretRef | None = Field(None, description="The database password, by reference.")
    lease: Duration = Field(timedelta(minutes=2), description="A run that does not renew its lease for so long is taken for dead.")


class Report(Section):
    """Where reports of nights are kept."""

    directory: Path | None = Field(None, description="Folder for a report of every run; none are kept without it.")
    keep: Duration = Field(timedelta(days=60), description="How long they are kept.")


class Settings(Section):
    """The whole configuration."""

    timetable: Timetable
    calendars: Calendars
    event: EventLook = EventLook()
    window: WindowSpan = WindowSpan()
    drift: Drift = Drift()
    guards: Guards = Guards()
    entra: Entra
    ews: Ews = Ews()
    run: Run = Run()
    schedule: Schedule = Schedule()
    state: StateDatabase = StateDatabase()
    report: Report = Report()
