"""From a lesson's columns to an event's owned fields: templates, and the rules that make exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from timetable_sync.model.event import LONGEST_SUBJECT, BodyKind, Busy, Sensitivity
from timetable_sync.settings.schema import EventLook, EventRule
from timetable_sync.timetable.templates import Compiled, Templates
from timetable_sync.timetable.text import clean_name, cut, fit_for_xml

_LONGEST_LOCATION = 255
_LONGEST_CATEGORY = 255


@dataclass(frozen=True, slots=True)
class Fields:
    """What an event shows, its times left out."""

    subject: str
    location: str | None
    body: str | None
    body_kind: BodyKind
    categories: tuple[str, ...] | None
    busy: Busy
    reminder: int | None
    sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class _Look:
    """A rule's or the defaults' part: None says nothing."""

    subject: Compiled | None
    location: Compiled | None
    body: Compiled | None
    categories: tuple[Compiled, ...] | None
    busy: str | None
    reminder: str | timedelta | None
    sensitivity: str | None


class Looks:
    """The configuration's [event], compiled. Raises UsageError for a template that cannot be used."""

    def __init__(self, look: EventLook, templates: Templates) -> None:
        self._kind: BodyKind = look.body_kind
        self._default = _compile("event", look, templates, html=look.body_kind == "html")
        self._cancelled = templates.compile("event.cancelled_subject", look.cancelled_subject, also=("subject",))
        rules = [
            (rule.when, _compile(f"event.rules[{number}]", rule, templates, html=look.body_kind == "html"))
            for number, rule in enumerate(look.rules, 1)
        ]
        # Stable: among equals the later rule wins, as it is applied last.
        self._rules = sorted(rules, key=lambda rule: 2 if "calendar" in rule[0] else 1 if "type" in rule[0] else 0)

    def fields(self, columns: Mapping[str, Any], *, cancelled: bool) -> Fields:
        """What the event of these columns shows; a lesson that is ``cancelled`` is shown so, and as free. Raises TemplateFailed."""
        look = self._default
        for when, exception in self._rules:
            if all(_matches(columns.get(name), wanted) for name, wanted in when.items()):
                look = _over(look, exception)
        subject = (clean_name(look.subject.render(columns)) if look.subject else None) or str(columns["title"])
        if cancelled:
            subject = clean_name(self._cancelled.render({**columns, "subject": subject})) or subject
        location = None if look.location is None else cut(clean_name(look.location.render(columns)) or "", _LONGEST_LOCATION)
        return Fields(
            subject=cut(subject, LONGEST_SUBJECT),
            location=location,
            body=None if look.body is None else fit_for_xml(look.body.render(columns)).strip(),
            body_kind=self._kind,
            categories=None if look.categories is None else _categories(look.categories, columns),
            busy=Busy.FREE if cancelled else Busy(look.busy or Busy.BUSY),
            reminder=None if cancelled else _minutes(look.reminder),
            sensitivity=Sensitivity(look.sensitivity or Sensitivity.NORMAL),
        )


def _compile(key: str, look: EventLook | EventRule, templates: Templates, *, html: bool) -> _Look:
    def one(name: str, source: str | None) -> Compiled | None:
        return None if source is None else templates.compile(f"{key}.{name}", source, html=html and name == "body")

    categories = None
    if look.categories is not None:
        categories = tuple(templates.compile(f"{key}.categories", source) for source in look.categories)
    return _Look(
        one("subject", look.subject),
        one("location", look.location),
        one("body", look.body),
        categories,
        look.busy,
        look.reminder,
        look.sensitivity,
    )


def _over(look: _Look, exception: _Look) -> _Look:
    return _Look(
        exception.subject or look.subject,
        exception.location or look.location,
        exception.body or look.body,
        look.categories if exception.categories is None else exception.categories,
        exception.busy or look.busy,
        look.reminder if exception.reminder is None else exception.reminder,
        exception.sensitivity or look.sensitivity,
    )


def _matches(value: object, wanted: str | list[str]) -> bool:
    """Whether the value, or one of a set's, is one of those wanted (patterns with ``*``, ``?``, ``[…]``; case counts)."""
    values = value if isinstance(value, list) else [value]
    patterns = wanted if isinstance(wanted, list) else [wanted]
    return any(fnmatchcase("" if one is None else str(one), pattern) for one in values for pattern in patterns)


def _minutes(reminder: str | timedelta | None) -> int | None:
    return round(reminder.total_seconds() / 60) if isinstance(reminder, timedelta) else None


def _categories(templates: tuple[Compiled, ...], columns: Mapping[str, Any]) -> tuple[str, ...]:
    """Without blank ones and doubles (Outlook knows no case there), and without , and ; which Outlook takes for separators."""
    found: dict[str, str] = {}
    for template in templates:
        text = clean_name(template.render(columns).replace(",", " ").replace(";", " "))
        if text:
            text = cut(text, _LONGEST_CATEGORY)
            found.setdefault(text.casefold(), text)
    return tuple(sorted(found.values()))
