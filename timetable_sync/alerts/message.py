"""News as a message: subject and text by templates, which can be replaced. Opens no file but a template of the configuration's."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateError

from timetable_sync.alerts.lifecycle import News
from timetable_sync.config.sections.alerts import Alerts
from timetable_sync.errors import UsageError
from timetable_sync.history import runs as words
from timetable_sync.redaction import redact
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.quoting import command
from timetable_sync.reports.sanitize import legible, legible_lines
from timetable_sync.state.run_records import Matter, RunRecord
from timetable_sync.timetable.template_sandbox import BoundedEnvironment, allowance

SUBJECT: Final = "timetable-sync{% if source != 'timetable' %} {{ source }}{% endif %}: {{ headline }}"

TEXT: Final = """\
{{ night }}
{% for title, matters in (("Needs you", new), ("Still needs you", again), ("Over", over)) if matters %}

{{ title }}
{% for matter in matters[:30] %}
  {{ matter.about }}{{ matter.sentence }}{% if title != "Needs you" %} (since {{ matter.since }}){% endif %}

{% for line in matter.advice if title != "Over" %}
    {{ line }}
{% endfor %}
{% endfor %}
{% if matters | length > 30 %}
  and {{ matters | length - 30 }} more
{% endif %}
{% endfor %}
{% if nights is not none %}

The nights since the last digest
{% for one in nights %}
  {{ one }}
{% else %}
  none
{% endfor %}
{% endif %}
{% if open %}

Told before, and still so
{% for matter in open[:30] %}
  {{ matter.about }}{{ matter.sentence }} (since {{ matter.since }})
{% endfor %}
{% endif %}
{% if report %}

Report: {{ report }}
{% endif %}
{% if note %}

{{ note }}
{% endif %}

How things stand: {{ status }}
"""

# What is rendered is plain text; every value that goes in has been made fit to be shown.
_TEMPLATES = BoundedEnvironment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A report beside the text."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``facts`` is the same for programs."""

    subject: str
    text: str
    facts: dict[str, Any]
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else a message says: of which source and host, the night in one line, where its report is, and a note."""

    source: str
    host: str
    night: str
    run: int | None
    exit_code: int
    report: str = ""
    note: str = ""


def compose(
    news: News, said: str, about: Circumstances, alerts: Alerts, clock: TimeFormat, attachment: Attachment | None = None
) -> Message:
    """The message. ``said`` is the headline. Raises UsageError for a template of the configuration that fails."""
    values: dict[str, Any] = {
        "source": about.source,
        "host": about.host,
        "headline": legible(redact(said)),
        "night": legible(redact(about.night)),
        "run": about.run,
        "exit_code": about.exit_code,
        "new": [_matter(matter, clock) for matter in news.new],
        "again": [_matter(matter, clock) for matter in news.again],
        "over": [_matter(matter, clock) for matter in news.over],
        "open": [_matter(matter, clock) for matter in news.open],
        "nights": None if news.nights is None else [night_line(run, clock) for run in news.nights],
        "report": legible(about.report),
        "note": legible_lines(about.note),
        "status": legible(command("status")),
    }
    subject = _rendered(alerts.subject or SUBJECT, "alerts.subject", values)
    text = _rendered(TEXT if alerts.text is None else _file(alerts.text), "alerts.text", values)
    # A subject is one line, whatever a template makes of it.
    return Message(" ".join(subject.split())[:250], text, values, attachment)


def night_line(run: RunRecord, clock: TimeFormat) -> str:
    """A run on one line."""
    return legible(redact(f"{clock.moment(run.started)}   run {run.id}   {words.in_words(run, None)}   {words.changes_in_words(run)}"))


def _matter(matter: Matter, clock: TimeFormat) -> dict[str, Any]:
    about = matter.name or ("" if matter.kind in ("certificate", "rows") else "the run")
    return {
        "kind": matter.kind,
        "calendar": matter.address,
        "name": legible(matter.name),
        "about": f"{legible(about)}  " if about else "",
        "sentence": legible(redact(matter.sentence)),
        "advice": [legible(redact(line)) for line in matter.advice.splitlines()],
        "since": _since(matter.since, clock),
    }


def _since(moment: datetime, clock: TimeFormat) -> str:
    return clock.moment(moment.replace(second=0, microsecond=0))


def _file(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"alerts.text: {path} cannot be read: {reason}", "Mend the path, or leave the key out.") from None


def _rendered(template: str, key: str, values: dict[str, Any]) -> str:
    try:
        with allowance():
            return _TEMPLATES.from_string(template).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UsageError(f"{key}: the template fails: {error}", "Try it: timetable-sync alert test") from None
