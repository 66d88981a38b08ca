"""Every key of the configuration: its type, unit, default and meaning. The example and the reference are made from here."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, model_validator
from pydantic_core import PydanticCustomError

from timetable_sync.settings import wellformed
from timetable_sync.settings.columns import column_faults, column_name
from timetable_sync.settings.database_url import database_url, state_url
from timetable_sync.settings.quantities import Duration, Share, SomeTime, parse_reminder, parse_share, show_duration, show_share
from timetable_sync.settings.secret import SecretRef

Text = Annotated[str, AfterValidator(wellformed.not_blank)]
Whole = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]
LocalPath = Annotated[Path, BeforeValidator(wellformed.local_path)]
ZoneName = Annotated[str, AfterValidator(wellformed.zone_name)]
Template = Annotated[str, AfterValidator(wellformed.template)]
Pattern = Annotated[str, AfterValidator(wellformed.pattern)]
ServiceUrl = Annotated[str, AfterValidator(wellformed.service_url)]
DirectoryName = Annotated[str, AfterValidator(wellformed.directory_name)]
BusyName = Literal["free", "tentative", "busy", "out-of-office", "working-elsewhere"]
SensitivityName = Literal["normal", "personal", "private", "confidential"]
DriftPolicy = Literal["restore", "keep", "report"]
Reminder = Annotated[
    Literal["off"] | timedelta,
    BeforeValidator(parse_reminder),
    PlainSerializer(lambda value: value if isinstance(value, str) else show_duration(value), return_type=str),
    Field(json_schema_extra={"unit": "off, or a duration"}),
]


class Section(BaseModel):
    """A table of the configuration: unknown keys are errors.

    ``shorthand`` names the key that text in the table's place stands for: ``start = "starts_at"`` for ``start = { column = "starts_at" }``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)

    shorthand: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, value: Any) -> Any:
        return {cls.shorthand: value} if cls.shorthand and isinstance(value, str) else value


def _values(value: object) -> object:
    if not isinstance(value, list) or not value or not all(isinstance(item, (str, int)) for item in value):
        raise ValueError('must be a list of texts, whole numbers, true or false, as in ["X", "cancelled"]')
    return value


def _wanted(value: object) -> object:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError('must be text, or a list of texts, as in "Exam" or ["Exam", "Test"]')
    return value


class Column(Section):
    """Which column of the query a field is read from."""

    shorthand = "column"

    column: Text = Field(description="Name of the column in the query's result.", examples=["room"])
    many: YesNo = Field(False, description="Several rows of one lesson differ in it: collect them into a sorted set.")
    split: str | None = Field(
        None, min_length=1, description='Several values stand in one column, separated by this text, as in ",".', examples=[","]
    )
    values: Annotated[list[str | int | bool], BeforeValidator(_values)] | None = Field(
        None, description="For cancelled: the values that mean yes. Without it: 1, true, Y, yes.", examples=[["X"]]
    )
    action: Literal["delete", "mark"] = Field(
        "delete", description='For cancelled: "delete" removes the event, "mark" leaves it, shown as cancelled and free.'
    )
    unit: Literal["minutes", "hours", "seconds"] = Field("minutes", description="For duration: the unit of the number.")


ColumnOf = Column
ColumnName = Annotated[str, AfterValidator(column_name)]


class Timetable(Section):
    """Where the timetable is, and what its columns mean."""

    source: Annotated[str, AfterValidator(wellformed.plain_name)] = Field(
        "timetable",
        description="Name of this source. It stands in the key of every event that is written: change it, and they become foreign.",
    )
    url: Annotated[str, AfterValidator(database_url)] = Field(
        description="SQLAlchemy URL of the database, without the password. A user who may only read is enough.",
        examples=["postgresql+psycopg://timetable_reader@db.example.ac.uk/timetable"],
    )
    password: SecretRef | None = Field(None, description="The database password, by reference.", examples=[{"credential": "timetable-db"}])
    time_zone: ZoneName = Field(description="IANA zone that times without a zone are in.", examples=["Europe/London"])
    period: Annotated[str, AfterValidator(wellformed.period)] = Field(
        "",
        description="Year or semester, part of every event's key, as ids return for other events. At most 30 characters.",
        examples=["2026/27"],
    )
    query: Annotated[str, AfterValidator(wellformed.query)] = Field(
        description='The SQL query, or "file:" and the path of a file that holds it.', examples=["file:timetable.sql"]
    )
    columns: dict[ColumnName, ColumnOf] = Field(
        description="Which column is what. Needed: calendar, start, end (or duration), title, and activity (or key). "
        "Any further name is at the templates' disposal.",
        examples=[{"activity": "activity_id", "calendar": "module_code", "start": "starts_at", "end": "ends_at", "title": "module_title"}],
    )
    timeout: SomeTime = Field(timedelta(minutes=10), description="How long the query may take before it is given up.")

    @model_validator(mode="after")
    def _complete(self) -> "Timetable":
        if faults := column_faults(self.columns):
            raise PydanticCustomError("across", "timetable.columns: {faults}", {"faults": "; ".join(faults)})
        return self


class Calendars(Section):
    """Which calendars are written, and how."""

    backend: Literal["ews"] = Field("ews", description="The kind of calendar service.")
    address: Template = Field(
        description="Template of a calendar's mail address, over the columns.", examples=["{{ calendar | lower }}@groups.example.ac.uk"]
    )
    allow: list[Annotated[str, AfterValidator(wellformed.allow_pattern)]] = Field(
        min_length=1,
        description="Patterns (* and ?) of addresses. No other mailbox is ever written, whatever the timetable says.",
        examples=[["*@groups.example.ac.uk"]],
    )
    pilot: list[Pattern] | None = Field(
        None, min_length=1, description="Patterns of calendars' names or addresses; only these are visited for now.", examples=[["COMP*"]]
    )
    report_only: list[Pattern] = Field(
        [], description="Patterns of calendars' names or addresses that are compared and reported, never written.", examples=[["MATH*"]]
    )


class Look(Section):
    """What can be set for all events and, by rules, for some."""

    subject: Template | None = Field(None, description="Another template of the subject.", examples=["EXAM: {{ title }}"])
    location: Template | None = Field(
        None, description="Template of the location. Without it the location is left alone.", examples=["{{ rooms | join(', ') }}"]
    )
    body: Template | None = Field(
        None, description="Template of the body. Without it the body is left alone.", examples=["{{ staff | join(', ') }}"]
    )
    categories: list[Template] | None = Field(
        None, description="Outlook categories, as templates. Without it they are left alone.", examples=[["Timetable"]]
    )
    busy: BusyName | None = Field(None, description="How the time is shown to others.")
    reminder: Reminder | None = Field(None, description='"off", or how long before the start, as in "15 minutes".')
    sensitivity: SensitivityName | None = Field(None, description="Who may see the details.")


class EventRule(Look):
    """An exception, for events whose columns have these values. What a rule does not name stays as set above.

    Rules on calendar win over rules on type, those over others; among equals the later one wins.
    """

    when: dict[str, Annotated[str | list[str], BeforeValidator(_wanted)]] = Field(
        min_length=1,
        description="Names of columns and the value, pattern or list of them that an event must have.",
        examples=[{"type": "Exam"}],
    )


class EventLook(Look):
    """What an event looks like. Templates are Jinja2, over the columns named above."""

    subject: Template = Field("{{ title }}", description="Template of the subject; cut at 255 characters.")
    busy: BusyName = Field("busy", description="How the time is shown to others.")
    reminder: Reminder = Field("off", description='"off", or how long before the start, as in "15 minutes".')
    sensitivity: SensitivityName = Field("normal", description="Who may see the details.")
    body_kind: Literal["text", "html"] = Field("text", description="Whether the body is text, or HTML (then columns are escaped in it).")
    cancelled_subject: Template = Field(
        "Cancelled: {{ subject }}",
        description='Template of the subject of a lesson that is cancelled, where the column cancelled has action = "mark".',
    )
    rules: list[EventRule] = Field(
        [],
        description="Exceptions, by the values of columns.",
        examples=[[{"when": {"type": "Exam"}, "categories": ["Timetable", "Exam"], "reminder": "1 day"}]],
    )


class WindowSpan(Section):
    """From when to when events are kept right. What starts outside is left as it was."""

    future: Annotated[Duration, AfterValidator(wellformed.at_most(3653))] = Field(
        timedelta(days=180), description="How far ahead, in days from today; to the end of that day in the timetable's zone."
    )
    past: Annotated[Duration, AfterValidator(wellformed.at_most(3653))] = Field(
        timedelta(0), description="How far back from the start of the run. What is over stays as it was, unless this is set."
    )


class Drift(Section):
    """What to do when somebody edited or deleted an event of ours."""

    edited: DriftPolicy = Field(
        "restore", description='"restore" writes it back; "keep" leaves it until the timetable changes it; "report" also names it.'
    )
    deleted: DriftPolicy = Field(
        "restore", description='"restore" makes it anew; "keep" leaves it deleted until the timetable changes it; "report" also names it.'
    )


class Limit(Section):
    """How many deletes are let through: a share, but at least and at most so many."""

    shorthand = "share"

    share: Share = Field(description="Share of our events that stand in the window.", examples=["10 %"])
    at_least: Whole = Field(
        0, ge=0, description="So many are always let through, so that small numbers raise no false alarm. Left out, it is the guard's."
    )
    at_most: Whole | None = Field(None, ge=0, description="More than this many are never let through, whatever the share.", examples=[2000])

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


def _limit(share: str, floor: int) -> BeforeValidator:
    """What a limit that is given in part leaves out: the usual share, and the floor that keeps small calendars quiet."""

    def completed(value: object) -> object:
        if isinstance(value, str):
            parse_share(value)
            return {"share": value, "at_least": floor}
        return {"share": share, "at_least": floor, **value} if isinstance(value, dict) else value

    return BeforeValidator(completed)


class Guards(Section):
    """Limits that hold a calendar's plan, or the run's, judged before the first write. A timetable without a row is always refused."""

    deletes_in_run: Annotated[Limit, _limit("10 %", 10)] = Field(
        Limit.model_validate({"share": "10 %", "at_least": 10}),
        description='Deletes of the whole run: "10 %", or { share = "10 %", at_least = 10, at_most = 2000 }.',
    )
    deletes_in_calendar: Annotated[Limit, _limit("30 %", 5)] = Field(
        Limit.model_validate({"share": "30 %", "at_least": 5}),
        description="Deletes in one calendar, likewise. Small calendars are let delete at_least so many.",
    )
    shrunken_timetable: Share = Field(
        0.2, validate_default=False, description="How much smaller than what stands in the window the timetable may be."
    )


class Entra(Section):
    """The app registration in Microsoft Entra ID and its certificate."""

    tenant: DirectoryName = Field(description="Tenant id, or one of its domain names.", examples=["00000000-0000-0000-0000-000000000000"])
    client: DirectoryName = Field(description="Application (client) id.", examples=["11111111-1111-1111-1111-111111111111"])
    certificate: SecretRef = Field(description="The certificate, PEM or PKCS#12.", examples=[{"credential": "certificate.pem"}])
    key: SecretRef | None = Field(
        None,
        description="Its private key. Without it, the key is looked for in the certificate's file.",
        examples=[{"credential": "certificate-key.pem"}],
    )
    passphrase: SecretRef | None = Field(
        None, description="Passphrase of the key, if it has one.", examples=[{"credential": "certificate-passphrase"}]
    )
    algorithm: Literal["PS256", "RS256"] = Field(
        "PS256", description='Signature of what we send: "PS256" with x5t#S256 (today), or "RS256" with x5t (older).'
    )
    version: Literal["v2", "v1"] = Field("v2", description="Version of the token endpoint.")
    authority: ServiceUrl = Field(
        "https://login.microsoftonline.com",
        description="Address of the sign-in service. National clouds have their own, such as https://login.microsoftonline.us.",
    )
    scope: Annotated[str, AfterValidator(wellformed.scope)] = Field(
        "https://outlook.office365.com/.default",
        description="What the token is for; national clouds have their own here too. For v1 the part before /.default is sent.",
    )
    ca_bundle: LocalPath | None = Field(
        None, description="File of CA certificates to trust instead of the usual ones.", examples=["/etc/ssl/certs/our-proxy.pem"]
    )
    timeout: SomeTime = Field(timedelta(seconds=30), description="How long to wait for an answer.")


class Ews(Section):
    """Exchange Web Services."""

    endpoint: ServiceUrl = Field("https://outlook.office365.com/EWS/Exchange.asmx", description="Address of the service.")
    anchor: Annotated[str, AfterValidator(wellformed.anchor)] = Field(
        "mailbox", description='X-AnchorMailbox: "mailbox" for the mailbox that is worked on, or one address for all.'
    )
    version: Literal["Exchange2013", "Exchange2013_SP1", "Exchange2016"] = Field("Exchange2016", description="Protocol version to ask for.")
    batch: Whole = Field(25, ge=1, le=100, description="Events in one request, 1 to 100. Exchange gives a batch one minute.")
    timeout: SomeTime = Field(timedelta(seconds=120), description="How long to wait for an answer.")
    ca_bundle: LocalPath | None = Field(
        None, description="File of CA certificates to trust instead of the usual ones.", examples=["/etc/ssl/certs/our-proxy.pem"]
    )


class Run(Section):
    """How a night works."""

    calendars_at_once: Whole = Field(
        8, ge=1, le=64, description="Calendars worked on at the same time, 1 to 64. Microsoft advises at most 10 open requests."
    )
    deadline: SomeTime = Field(timedelta(hours=3), description="After this long no new batch is begun; the rest waits for the next night.")


class Schedule(Section):
    """When the daemon wakes. A systemd timer or cron needs none of it."""

    cron: Annotated[str, AfterValidator(wellformed.cron)] = Field(
        "0 2 * * *", description="Cron expression: minute, hour, day, month, weekday. Weekdays by name, as in mon-fri."
    )
    time_zone: ZoneName = Field("UTC", description="IANA zone of the cron expression.", examples=["Europe/London"])


class StateDatabase(Section):
    """The ledger, the history and the lease."""

    url: Annotated[str, AfterValidator(state_url)] = Field(
        "sqlite:////var/lib/timetable-sync/state.db",
        description="SQLAlchemy URL, without the password: SQLite for one host, PostgreSQL for one or several.",
    )
    password: SecretRef | None = Field(None, description="The database password, by reference.", examples=[{"credential": "state-db"}])
    lease: SomeTime = Field(timedelta(minutes=2), description="A run that does not renew its lease for so long is taken for dead.")


class Report(Section):
    """Where reports of nights are kept."""

    directory: LocalPath | None = Field(
        None, description="Folder for a report of every run; without it none are kept.", examples=["/var/lib/timetable-sync/reports"]
    )
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
