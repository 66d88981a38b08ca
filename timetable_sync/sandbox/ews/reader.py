"""Reads a request: well-formed, without a DTD, and as the schema allows, in one pass. Carries nothing out.

What does not fit raises :class:`SchemaViolation` with the place and a sentence of the form that Exchange (that is, .NET's
validating reader) uses, so that a person can search for it.
"""

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from timetable_sync.sandbox.ews.schema.automaton import State
from timetable_sync.sandbox.ews.schema.declarations import SOAP, Kind, kind

_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


class NotXml(Exception):
    """The request is not well-formed, or has a document type."""


class SchemaViolation(Exception):
    """The request is not as the schema allows: ``line`` and ``position`` count from 1."""

    def __init__(self, violation: str, line: int, position: int) -> None:
        super().__init__(violation)
        self.violation = violation
        self.line = line
        self.position = position


class Node:
    """An element that was read: local name, attributes, text, children."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node] = []
        self.text = ""

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.children)

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)

    def find(self, *names: str) -> "Node | None":
        """Down the path of ``names``, the first of each; None where it ends early."""
        node = self
        for name in names:
            found = next((child for child in node.children if child.name == name), None)
            if found is None:
                return None
            node = found
        return node

    def value(self, *names: str) -> str | None:
        """The text at the end of a path."""
        node = self.find(*names)
        return None if node is None else node.text


def _named(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"'{local}' in namespace '{namespace}'" if namespace else f"'{local}'"


def _expected(state: State) -> str:
    if not state.follow:
        return ""
    namespace = next(iter(state.follow)).rpartition(" ")[0]
    return f" List of possible elements expected: '{', '.join(state.expected())}' in namespace '{namespace}'."


class _Reading:
    """One pass over one request."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.top = Node("", {})
        self.node = self.top
        self.kind: Kind = Kind("document", start=State({f"{SOAP} Envelope": (State(may_end=True), "soap:Envelope")}))
        self.state: State | None = self.kind.start
        self.name = ""
        self.outer: list[tuple[Node, Kind, State | None, str]] = []

    def violation(self, text: str) -> SchemaViolation:
        return SchemaViolation(text, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 2)

    def doctype(self, *_: Any) -> None:
        raise NotXml("a document type is not allowed")

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        state = self.state
        if state is None:
            if self.kind.text is not None:
                raise self.violation(f"The element {_named(self.name)} cannot contain child element {_named(name)}.")
            inner = self.kind
        else:
            step = state.follow.get(name)
            if step is None:
                raise self.violation(f"The element {_named(self.name)} has invalid child element {_named(name)}.{_expected(state)}")
            state = step[0]
            inner = kind(step[1])
            if (attributes or inner.required) and not inner.is_anything:
                self.check_attributes(inner, attributes)
        self.outer.append((self.node, self.kind, state, self.name))
        node = Node(name.rpartition(" ")[2], attributes)
        self.node.children.append(node)
        self.node, self.kind, self.state, self.name = node, inner, inner.start, name

    def check_attributes(self, inner: Kind, attributes: dict[str, str]) -> None:
        for attribute, value in attributes.items():
            declared = inner.attributes.get(attribute)
            if declared is None:
                namespace, _, local = attribute.rpartition(" ")
                if (inner.soap_attributes and namespace) or (namespace == _INSTANCE and local.endswith("chemaLocation")):
                    continue
                raise self.violation(f"The '{attribute.replace(' ', ':')}' attribute is not declared.")
            if not declared[1](value):
                raise self.violation(
                    f"The '{attribute}' attribute is invalid - The value '{value}' is invalid according to its datatype '{declared[0]}'."
                )
        for required in inner.required:
            if required not in attributes:
                raise self.violation(f"The required attribute '{required}' is missing.")

    def end(self, _: str) -> None:
        found, node = self.kind, self.node
        if self.state is not None:
            if not self.state.may_end:
                raise self.violation(f"The element {_named(self.name)} has incomplete content.{_expected(self.state)}")
        elif found.text is not None and not found.text(node.text):
            raise self.violation(
                f"The '{self.name.replace(' ', ':')}' element is invalid - The value '{node.text[:200]}' is invalid according to its "
                f"datatype '{found.name}'."
            )
        self.node, self.kind, self.state, self.name = self.outer.pop()

    def characters(self, text: str) -> None:
        if self.state is None:
            self.node.text += text
        elif text.strip(" \t\r\n") or (self.state is self.kind.start and not self.state.follow):
            # Not even blanks may stand in an element that has no children ever.
            raise self.violation(f"The element {_named(self.name)} cannot contain text.{_expected(self.state)}")


def read(request: bytes) -> Node:
    """The envelope in ``request``; raises :class:`NotXml` or :class:`SchemaViolation`."""
    reading = _Reading()
    try:
        reading.parser.Parse(request, True)
    except expat.ExpatError as error:
        raise NotXml(str(error)) from None
    except (ValueError, LookupError) as error:  # an encoding that expat does not know
        raise NotXml(str(error)) from None
    return reading.top.children[0]
