"""A small notation for what may stand in an element, and the automaton made of it. Knows no element of Exchange.

The notation: names in order, ``?``, ``*`` and ``+`` after a name or a bracket, ``(a | b)`` for either, ``Name:Type`` where
the type is not plain text, ``m:Name`` where the element is of the messages' namespace, ``%Macro`` for a named fragment::

    ItemId:ItemId? Subject? (Value | Values:Values) %Path+

XML Schema demands that a name alone decides which particle it stands for (unique particle attribution), so that the
positions of the notation are the states of a deterministic automaton (Glushkov's construction), one dictionary look-up
for every element.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"

_TOKEN = re.compile(r"\s*(?:(?P<name>%?[A-Za-z][A-Za-z0-9:]*)|(?P<mark>[()|?*+]))")


@dataclass(slots=True)
class State:
    """Where we are within an element: what may follow, as ``name -> (state, type's name)``, and if it may end here."""

    follow: dict[str, tuple["State", str]] = field(default_factory=dict)
    may_end: bool = False

    def expected(self) -> list[str]:
        """Local names of what may come here, in the notation's order."""
        return [name.rpartition(" ")[2] for name in self.follow]


@dataclass(slots=True)
class _Part:
    """A piece of notation: where it can begin and end, as positions, and if it can be left out."""

    first: list[int]
    last: list[int]
    optional: bool


class _Reader:
    """Reads the notation once, collecting for every position which positions can follow."""

    def __init__(self, text: str, macros: Mapping[str, str]) -> None:
        expanded = re.sub(r"%(\w+)", lambda found: f"({macros[found[1]]})", text)
        self.words = [found["name"] or found["mark"] for found in _TOKEN.finditer(expanded)]
        self.at = 0
        self.names: list[tuple[str, str]] = []
        self.follow: list[list[int]] = []

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def choice(self) -> _Part:
        part = self.sequence()
        while self.peek() == "|":
            self.take()
            other = self.sequence()
            part = _Part(part.first + other.first, part.last + other.last, part.optional or other.optional)
        return part

    def sequence(self) -> _Part:
        part = _Part([], [], True)
        while self.peek() not in ("", "|", ")"):
            nxt = self.repeated()
            for position in part.last:
                self.follow[position] += nxt.first
            part = _Part(
                part.first + nxt.first if part.optional else part.first,
                nxt.last + part.last if nxt.optional else nxt.last,
                part.optional and nxt.optional,
            )
        return part

    def repeated(self) -> _Part:
        part = self.single()
        while self.peek() in ("?", "*", "+"):
            mark = self.take()
            if mark in ("*", "+"):
                for position in part.last:
                    self.follow[position] += part.first
            if mark in ("?", "*"):
                part = _Part(part.first, part.last, True)
        return part

    def single(self) -> _Part:
        word = self.take()
        if word == "(":
            part = self.choice()
            self.take()
            return part
        namespace = TYPES
        if word.startswith("m:"):
            namespace, word = MESSAGES, word[2:]
        name, _, kind = word.partition(":")
        self.names.append((f"{namespace} {name}", kind or "string"))
        self.follow.append([])
        position = len(self.names) - 1
        return _Part([position], [position], False)


def automaton(notation: str, macros: Mapping[str, str]) -> State:
    """The state before the first child of an element with this content."""
    reader = _Reader(notation, macros)
    whole = reader.choice()
    states = [State() for _ in reader.names]
    start = State(may_end=whole.optional)
    for state, positions in [(start, whole.first), *zip(states, reader.follow, strict=True)]:
        for position in positions:
            name, kind = reader.names[position]
            state.follow.setdefault(name, (states[position], kind))
    for position in whole.last:
        states[position].may_end = True
    return start
