"""Answers as XML, in one Exchange's hand: prefixes, blanks, what is left out, what nobody asked for."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from tests.calendars.ews.other_exchange.demands import MESSAGES, SOAP, TYPES
from tests.calendars.ews.other_exchange.habits import Habits
from tests.calendars.ews.other_exchange.mailbox import Item

ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
_PREFIXES = {
    "prefixed": {"s": SOAP, "m": MESSAGES, "t": TYPES},
    "odd": {"SOAP-ENV": SOAP, "ns1": TYPES, "ns2": MESSAGES},
    "default": {None: SOAP},
}
#: In the schema's order, as far as an appointment is listed.
_LISTED = (
    ("item:Subject", "Subject"),
    ("item:Sensitivity", "Sensitivity"),
    ("item:Body", "Body"),
    ("item:Categories", "Categories"),
    ("item:DateTimeCreated", "DateTimeCreated"),
    ("item:ReminderIsSet", "ReminderIsSet"),
    ("item:ReminderMinutesBeforeStart", "ReminderMinutesBeforeStart"),
    ("extended", "ExtendedProperty"),
    ("calendar:Start", "Start"),
    ("calendar:End", "End"),
    ("calendar:IsAllDayEvent", "IsAllDayEvent"),
    ("calendar:LegacyFreeBusyStatus", "LegacyFreeBusyStatus"),
    ("calendar:Location", "Location"),
    ("calendar:CalendarItemType", "CalendarItemType"),
)


class Hand:
    """Writes elements as ``habits`` has it."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits

    def under(self, parent: etree._Element, namespace: str, name: str, text: str | None = None, **attributes: str) -> etree._Element:
        """A child element."""
        nsmap: Any = {None: namespace} if self.habits.namespaces == "default" else None
        child = etree.SubElement(parent, f"{{{namespace}}}{name}", attributes, nsmap)
        child.text = text
        return child

    def envelope(self) -> tuple[etree._Element, etree._Element]:
        """An envelope with the server's headers, and its body."""
        root = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_PREFIXES[self.habits.namespaces])  # type: ignore[arg-type]  # None is lxml's default
        header = self.under(root, SOAP, "Header")
        names = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber", "Version")
        said = {name: str(value) for name, value in zip(names, self.habits.version, strict=True)}
        self.under(header, TYPES, "ServerVersionInfo", **said)
        if self.habits.unknown:
            self.under(header, "urn:example:proxy", "Trace", "f00d", hops="3")
        return root, self.under(root, SOAP, "Body")

    def text(self, root: etree._Element) -> bytes:
        """The whole document."""
        return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=self.habits.pretty)

    def item_id(self, parent: etree._Element, item: Item) -> None:
        """The item's name."""
        self.under(parent, TYPES, "ItemId", Id=item.id, ChangeKey=item.change_key)

    def item(self, parent: etree._Element, item: Item, fields: Iterable[str], properties: Iterable[tuple[str, str]]) -> None:
        """An item with the ``fields`` asked for, as far as it has them."""
        found = self.under(parent, TYPES, item.element)
        if self.habits.unknown:
            found.set("Shard", "7")
        self.item_id(found, item)
        asked = {*fields, "extended"}
        for path, name in _LISTED:
            if path in asked:
                self._field(found, item, name, set(properties))
        if self.habits.unknown:
            self.under(found, TYPES, "IsHybridClassroom", "maybe")

    def _field(self, parent: etree._Element, item: Item, name: str, properties: set[tuple[str, str]]) -> None:
        habits = self.habits
        if name == "Categories":
            if item.categories:
                array = self.under(parent, TYPES, name)
                for category in item.categories:
                    self.under(array, TYPES, "String", category)
        elif name == "ExtendedProperty":
            self._properties(parent, item, properties)
        elif name == "Body":
            self.under(parent, TYPES, name, habits.body(*item.body), BodyType="Text")
        elif name == "DateTimeCreated":
            if habits.created:
                self.under(parent, TYPES, name, habits.time(item.created))
        elif name in ("Start", "End"):
            self.under(parent, TYPES, name, habits.time(item.start if name == "Start" else item.end))
        elif name == "IsAllDayEvent":
            self.under(parent, TYPES, name, str(item.all_day).lower())
        elif name == "CalendarItemType":
            self.under(parent, TYPES, name, item.type)
        elif text := item.fields.get(name, ""):
            self.under(parent, TYPES, name, habits.text(text) if name in ("Subject", "Location") else text)
        elif habits.empty_elements:
            self.under(parent, TYPES, name)

    def _properties(self, parent: etree._Element, item: Item, asked: set[tuple[str, str]]) -> None:
        if self.habits.other_properties:
            self._property(parent, "00020329-0000-0000-c000-000000000046", "TimetableSync", "somebody else's")
            self._property(parent, "4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "TimetableSyncOld", "1 another name")
            extended = self.under(parent, TYPES, "ExtendedProperty")
            self.under(extended, TYPES, "ExtendedFieldURI", PropertyTag="0x3007", PropertyType="SystemTime")
            self.under(extended, TYPES, "Value", "2026-10-01T00:00:00Z")
        for key, value in item.extended.items():
            if key in asked:
                self._property(parent, *key, value)

    def _property(self, parent: etree._Element, guid: str, name: str, value: str) -> None:
        extended = self.under(parent, TYPES, "ExtendedProperty")
        uri = {"PropertySetId": self.habits.guid(guid), "PropertyName": name, "PropertyType": "String"}
        self.under(extended, TYPES, "ExtendedFieldURI", **uri)
        self.under(extended, TYPES, "Value", value)

    def values(self, parent: etree._Element, namespace: str, values: dict[str, str]) -> None:
        """A MessageXml."""
        if values:
            xml = self.under(parent, namespace, "MessageXml")
            for name, value in values.items():
                self.under(xml, TYPES, "Value", value, Name=name)

    def fault(self, code: str, values: dict[str, str] | None = None) -> bytes:
        """A SOAP fault."""
        root, body = self.envelope()
        fault = self.under(body, SOAP, "Fault")
        etree.SubElement(fault, "faultcode", nsmap={"a": TYPES}).text = f"a:{code}"
        etree.SubElement(fault, "faultstring").text = f"{code}, in words."
        detail = etree.SubElement(fault, "detail")
        self.under(detail, ERRORS, "ResponseCode", code)
        self.under(detail, ERRORS, "Message", f"{code}, in words.")
        self.values(detail, TYPES, values or {})
        return self.text(root)
