"""From a lesson's columns to an event's owned fields: templates, and the rules that make exceptions. Knows no calendar service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from timetable_sync.config.sections.event import EventLook, EventRule
from timetable_sync.errors import UsageError
from timetable_sync.model.event import LONGEST_SUBJECT, BodyKind, Busy, Sensitivity
from timetable_sync.timetable.clean_text import clean_name, cut, fit_for_xml
from timetable_sync.timetable.column_lookup import nearest_or_all
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.template_sandbox import LONGEST_TEXT
from timetable_sync.timetable.templates import Compiled, Templates
from timetable_sync.timetable.times import LocalClock

_LONGEST_LOCATION = 255
_LONGEST_CATEGORY = 255
_REMEMBERED = 4_096
#: Of what has 255 characters at most; bodies can be long, and fewer are kept.
_LINES = 8_192


class Fields(NamedTuple):
    """What an event shows, its times left out; ``cut`` names what had to be cut in it."""

    subject: str
    location: str | None
    body: str | None
    categories: tuple[str, ...] | None
    busy: Busy
    reminder: int | None
    sensitivity: Sensitivity
    cut: tuple[str, ...] = ()


class _Cut(NamedTuple):
    """A text, and whether it had to be cut."""

    text: str
    short: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """The defaults with those rules over them that hold for an event."""

    subject: Compiled[_Cut] | None
    location: Compiled[_Cut] | None
    body: Compiled[_Cut] | None
    categories: tuple[Compiled[str], ...] | None
    busy: Busy | None
    reminder: int | Literal["off"] | None
    sensitivity: Sensitivity | None


class EventFields:
    """The configuration's [event], compiled. Raises UsageError for a template or a rule that cannot be used.

    ``body_kind`` is that of all bodies. ``used`` has the names of all that an event may depend on.
    """

    def __init__(self, look: EventLook, templates: Templates, variables: Variables, clock: LocalClock) -> None:
        self.body_kind: BodyKind = look.body_kind
        self._variables = variables
        self._clock = clock
        html = look.body_kind == "html"
        self._default = _compile("event", look, templates, html=html)
        self._cancelled = templates.compile("event.cancelled_subject", look.cancelled_subject, _line, also=("subject",))
        rules = []
        for number, rule in enumerate(look.rules, 1):
            for name in rule.when:
                if name not in variables.places:
                    raise UsageError(
                        f'event.rules[{number}].when names "{name}", which is no column{nearest_or_all(name, variables.names)}',
                        "Mend the rule, or name the column in [timetable.columns].",
                    )
            rules.append((rule.when, _compile(f"event.rules[{number}]", rule, templates, html=html)))
        # Stable: among equals the later rule wins, as it is applied last.
        self._rules = sorted(rules, key=lambda rule: 2 if "calendar" in rule[0] else 1 if "type" in rule[0] else 0)
        self._judged = sorted({name for when, _ in self._rules for name in when})
        self._judged_at = [variables.places[name] for name in self._judged]
        self._title_at = variables.places["title"]
        self._cancelled_at = variables.places["cancelled"]
        looks = (self._default, *(exception for _, exception in self._rules))
        self.used = frozenset({"title", "cancelled", *self._judged, *self._cancelled.used}).union(*map(_used, looks))
        self._look = lru_cache(_REMEMBERED)(self._look_for)

    def fields(self, values: Sequence[Any]) -> Fields:
        """What the event of these values (:class:`Variables`) shows; a cancelled one is shown so, and as free. Raises TemplateFailed."""
        look = self._look(tuple([values[place] for place in self._judged_at])) if self._rules else self._default
        cancelled = bool(values[self._cancelled_at])
        subject = look.subject.render(values) if look.subject else _Cut("", False)
        if not subject.text:
            title = values[self._title_at]
            subject = _line(", ".join(title) if isinstance(title, tuple) else title)
        if cancelled:
            marked = self._cancelled.render(values, subject.text)
            subject = _Cut(marked.text, marked.short or subject.short) if marked.text else subject
        location = None if look.location is None else look.location.render(values)
        body = None if look.body is None else look.body.render(values)
        texts = {"subject": subject, "location": location, "body": body}
        return Fields(
            subject.text,
            None if location is None else location.text,
            None if body is None else body.text,
            None if look.categories is None else _without_doubles(tuple([template.render(values) for template in look.categories])),
            Busy.FREE if cancelled else look.busy or Busy.BUSY,
            None if cancelled or isinstance(look.reminder, str) else look.reminder,
            look.sensitivity or Sensitivity.NORMAL,
            tuple([name for name, text in texts.items() if text is not None and text.short]),
        )

    def _look_for(self, judged: tuple[Any, ...]) -> _Look:
        texts = {name: self._variables.text_of(name, value, self._clock) for name, value in zip(self._judged, judged, strict=True)}
        look = self._default
        for when, exception in self._rules:
            if all(_matches(texts[name], wanted) for name, wanted in when.items()):
                look = _over(look, exception)
        return look


def _compile(key: str, look: EventLook | EventRule, templates: Templates, *, html: bool) -> _Look:
    finish_body = _html_body if html else _text_body
    return _Look(
        subject=None if look.subject is None else templates.compile(f"{key}.subject", look.subject, _line, remembered=_LINES),
        location=None if look.location is None else templates.compile(f"{key}.location", look.location, _place, remembered=_LINES),
        body=None if look.body is None else templates.compile(f"{key}.body", look.body, finish_body, html=html),
        categories=None
        if look.categories is None
        else tuple(templates.compile(f"{key}.categories", template, _category) for template in look.categories),
        busy=None if look.busy is None else Busy(look.busy),
        reminder=int(look.reminder.total_seconds() // 60) if isinstance(look.reminder, timedelta) else look.reminder,
        sensitivity=None if look.sensitivity is None else Sensitivity(look.sensitivity),
    )


def _used(look: _Look) -> set[str]:
    templates = [look.subject, look.location, look.body, *(look.categories or ())]
    return {name for template in templates if template is not None for name in template.used}


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


def _matches(texts: tuple[str, ...], wanted: str | list[str]) -> bool:
    """Whether one of the texts is one of those wanted, or fits it as a pattern (``*``, ``?``, ``[…]``). Case counts."""
    patterns = wanted if isinstance(wanted, list) else [wanted]
    return any(text == pattern or fnmatchcase(text, pattern) for text in texts for pattern in patterns)


def _shortened(text: str, longest: int) -> _Cut:
    short = cut(text, longest)
    return _Cut(short, short != text)


def _line(text: str) -> _Cut:
    return _shortened(clean_name(text) or "", LONGEST_SUBJECT)


def _place(text: str) -> _Cut:
    return _shortened(clean_name(text) or "", _LONGEST_LOCATION)


def _text_body(text: str) -> _Cut:
    lines = [line.rstrip() for line in fit_for_xml(text).split("\n")]
    return _shortened("\n".join(lines).strip(), LONGEST_TEXT)


def _html_body(text: str) -> _Cut:
    found = _text_body(text)
    if not found.short:
        return found
    # Not in the midst of a tag or an entity.
    whole = found.text
    for opening, closing in (("<", ">"), ("&", ";")):
        at = whole.rfind(opening)
        if at > whole.rfind(closing):
            whole = whole[:at]
    return _Cut(whole.rstrip(), True)


def _category(text: str) -> str:
    """Outlook takes , and ; for separators between categories, so neither can stand in one."""
    return cut(clean_name(text.replace(",", " ").replace(";", " ")) or "", _LONGEST_CATEGORY)


@lru_cache(_REMEMBERED)
def _without_doubles(categories: tuple[str, ...]) -> tuple[str, ...]:
    """Blank ones dropped, sorted; of those that differ in case alone, as Outlook knows none, the first by the alphabet."""
    found: dict[str, str] = {}
    for category in sorted(categories):
        if category:
            found.setdefault(category.casefold(), category)
    return tuple(sorted(found.values()))
