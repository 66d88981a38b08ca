"""The declarations made usable: for each type's name what its text, attributes and children may be. Compiled when first met."""

from dataclasses import dataclass, field
from functools import cache

from timetable_sync.sandbox.ews.schema.automaton import State, automaton
from timetable_sync.sandbox.ews.schema.elements import COMPLEX, HEADERS, MACROS, OPERATIONS, TEXT_WITH_ATTRIBUTES
from timetable_sync.sandbox.ews.schema.values import SIMPLE, Check, one_of
from timetable_sync.sandbox.ews.schema.words import WORDS

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

_CHECKS: dict[str, Check] = {**SIMPLE, **{name: one_of(words) for name, words in WORDS.items()}}


@dataclass(slots=True)
class Kind:
    """What an element may hold: ``text`` checks it where text is allowed, ``start`` is the state before the first child.

    An element with neither looks into nothing below it (``anything``).
    """

    name: str
    text: Check | None = None
    start: State | None = None
    attributes: dict[str, tuple[str, Check]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    soap_attributes: bool = False

    @property
    def is_anything(self) -> bool:
        """Whether nothing below it is looked into."""
        return self.text is None and self.start is None


def _with_attributes(kind: Kind, declared: str) -> Kind:
    required = set()
    for word in declared.split():
        if word == "soap":
            kind.soap_attributes = True
            continue
        name, _, type_name = word.rstrip("!").partition(":")
        kind.attributes[name] = (type_name, _CHECKS[type_name])
        if word.endswith("!"):
            required.add(name)
    kind.required = frozenset(required)
    return kind


@cache
def kind(name: str) -> Kind:
    """The kind with this type's name; a KeyError is a mistake in the declarations."""
    if name == "anything":
        return Kind(name)
    if name in COMPLEX:
        content, attributes = COMPLEX[name]
        return _with_attributes(Kind(name, start=automaton(content, MACROS)), attributes)
    if name in TEXT_WITH_ATTRIBUTES:
        text, attributes = TEXT_WITH_ATTRIBUTES[name]
        return _with_attributes(Kind(name, text=_CHECKS[text]), attributes)
    if name.startswith("soap:"):
        return Kind(name, start=_soap(name), soap_attributes=True)
    return Kind(name, text=_CHECKS[name])


def _soap(name: str) -> State:
    if name == "soap:Header":
        return automaton(f"({HEADERS})*", MACROS)
    if name == "soap:Body":
        return automaton("|".join(f"m:{one}:{one}" for one in OPERATIONS), MACROS)
    header, body = State(), State(may_end=True)
    header.follow = {f"{SOAP} Body": (body, "soap:Body")}
    return State({f"{SOAP} Header": (header, "soap:Header"), **header.follow})


def names_within(name: str) -> list[str]:
    """The children of an element of this type, in their order, where each may be left out."""
    start = kind(name).start
    return [] if start is None else start.expected()
