"""Reads a folder of XML Schemas into the sandbox's own automata, so that the two can be laid side by side. For tests only."""

from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from timetable_sync.sandbox.ews.schema.automaton import MESSAGES, TYPES, State, automaton

XS = "{http://www.w3.org/2001/XMLSchema}"
_PREFIX = {"t": TYPES, "m": MESSAGES}


@dataclass
class Described:
    """What a schema says of one type: children (as an automaton), or words, or a plain type's name; and its attributes."""

    start: State | None = None
    words: frozenset[str] | None = None
    plain: str = ""
    attributes: dict[str, tuple[str, bool]] = field(default_factory=dict)


class Schemas:
    """The types and elements of types.xsd and messages.xsd. Names carry their prefix, as in ``t:ItemType``."""

    def __init__(self, folder: Path) -> None:
        self.types: dict[str, etree._Element] = {}
        self.groups: dict[str, etree._Element] = {}
        self.elements: dict[str, etree._Element] = {}
        for name, prefix in (("types.xsd", "t"), ("messages.xsd", "m")):
            for node in etree.parse(folder / name).getroot():
                if node.tag in (f"{XS}complexType", f"{XS}simpleType"):
                    self.types[f"{prefix}:{node.get('name')}"] = node
                elif node.tag == f"{XS}group":
                    self.groups[f"{prefix}:{node.get('name')}"] = node
                elif node.tag == f"{XS}element":
                    self.elements[f"{prefix}:{node.get('name')}"] = node
        self._anonymous: dict[str, etree._Element] = {}

    def type_of(self, element: etree._Element, prefix: str) -> str:
        """The name of an element's type; one that stands within it gets a name of its own."""
        named = element.get("type")
        if named:
            return named
        inner = [child for child in element if child.tag in (f"{XS}complexType", f"{XS}simpleType")]
        if not inner:
            return "xs:anyType"
        name = f"{prefix}:anonymous-{element.get('name')}-{element.sourceline}"
        self.types[name] = inner[0]
        return name

    def describe(self, name: str) -> Described:
        """What the schema says of the type with this name."""
        if name.startswith("xs:"):
            return Described(plain=name)
        node = self.types[name]
        if node.tag == f"{XS}simpleType":
            return self._simple(node)
        described = Described()
        notation = self._content(node, name[0], described)
        if not described.plain and described.words is None:
            described.start = automaton(notation, {})
        return described

    def _simple(self, node: etree._Element) -> Described:
        words = [one.get("value", "") for one in node.iter(f"{XS}enumeration")]
        if words:
            return Described(words=frozenset(words))
        return Described(plain="simple")

    def _content(self, node: etree._Element, prefix: str, described: Described) -> str:
        parts = []
        for child in node:
            if child.tag in (f"{XS}complexContent", f"{XS}simpleContent"):
                parts.append(self._content(child[-1], prefix, described))
            elif child.tag in (f"{XS}sequence", f"{XS}choice", f"{XS}group"):
                parts.append(self._particle(child, prefix))
            elif child.tag == f"{XS}attribute":
                kind = child.get("type") or "xs:string"
                described.attributes[child.get("name", "")] = (kind, child.get("use") == "required")
        base = node.get("base")
        if base is not None:
            under = self.describe(base)
            described.attributes = {**under.attributes, **described.attributes}
            if under.plain or under.words is not None:
                described.plain, described.words = under.plain, under.words
            elif base in self.types:
                parts.insert(0, self._content(self.types[base], base[0], Described()))
        return " ".join(part for part in parts if part)

    def _particle(self, node: etree._Element, prefix: str) -> str:
        marks = {("0", "1"): "?", ("0", "unbounded"): "*", ("1", "unbounded"): "+", ("1", "1"): ""}
        mark = marks[node.get("minOccurs", "1"), node.get("maxOccurs", "1")]
        if node.tag == f"{XS}element":
            reference = node.get("ref")
            if reference:
                heads = [name for name, one in self.elements.items() if one.get("substitutionGroup") == reference]
                if self.elements[reference].get("abstract") != "true":
                    heads.insert(0, reference)
                inner = " | ".join(self._named(self.elements[name], name[0]) for name in self._concrete(reference, heads))
                return f"({inner}){mark}"
            return self._named(node, prefix) + mark
        if node.tag == f"{XS}group" and node.get("ref"):
            return f"({self._particle(self.groups[node.get('ref', '')][0], node.get('ref', 't')[0])}){mark}"
        inner_parts = [self._particle(child, prefix) for child in node if child.tag in _PARTICLES]
        inner_parts = [part for part in inner_parts if part]
        if not inner_parts:
            return ""
        return f"({(' | ' if node.tag == f'{XS}choice' else ' ').join(inner_parts)}){mark}"

    def _concrete(self, reference: str, heads: list[str]) -> list[str]:
        # SearchExpression is not said to be abstract, but its type is: it can never stand by itself.
        kind = self.elements[reference].get("type", "")
        abstract = kind in self.types and self.types[kind].get("abstract") == "true"
        return [name for name in heads if not (abstract and name == reference)]

    def _named(self, node: etree._Element, prefix: str) -> str:
        kind = self.type_of(node, prefix).replace(":", "zColonz").replace("-", "zDashz")
        return f"{'m:' if prefix == 'm' else ''}{node.get('name')}:{kind}"

    @staticmethod
    def type_name(encoded: str) -> str:
        """A type's name as it was before it went through the notation."""
        return encoded.replace("zColonz", ":").replace("zDashz", "-")


_PARTICLES = (f"{XS}element", f"{XS}sequence", f"{XS}choice", f"{XS}group")
