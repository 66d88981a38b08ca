"""The six operations that a calendar needs, on one mailbox."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from lxml import etree

from tests.calendars.ews.other_exchange.demands import MESSAGES, NS, TYPES
from tests.calendars.ews.other_exchange.habits import Habits, utc
from tests.calendars.ews.other_exchange.mailbox import Item, Mailbox
from tests.calendars.ews.other_exchange.writing_down import Hand

#: What an operation did to one thing: a code, and the item that it is about.
Result = tuple[str, Item | None]


class Refused(Exception):
    """An error code instead of a result."""


class Operations:
    """``spoil`` may turn the result at a place of a batch into an error code: before anything is done."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self._hand = Hand(habits)
        self._numbers, self._versions = count(1), count(1)
        self.spoil: Callable[[str, int], str] = lambda operation, index: ""
        self.values: dict[str, str] = {}

    def version(self) -> int:
        """The next version's number."""
        return next(self._versions)

    def new(self, mailbox: Mailbox, start: datetime, end: datetime, **given: str) -> Item:
        """A new item, in the mailbox."""
        item = Item(self.habits.item_id(next(self._numbers)), self.version(), datetime.now(UTC).replace(microsecond=0), start, end)
        item.fields = {"Subject": "", "Sensitivity": "Normal", "ReminderIsSet": "false", "LegacyFreeBusyStatus": "Busy", **given}
        mailbox.items[item.id] = item
        return item

    def answer(self, request: etree._Element, mailbox: Mailbox) -> bytes:
        """The answer to a request."""
        name = etree.QName(request).localname
        root, body = self._hand.envelope()
        response = self._hand.under(body, MESSAGES, f"{name}Response")
        if self.habits.unknown:
            self._hand.under(response, MESSAGES, "Diagnostics", "none")
            response.remove(response[0])
        messages = self._hand.under(response, MESSAGES, "ResponseMessages")
        one = {"FindItem": self._find, "GetItem": self._get, "GetFolder": self._folder}.get(name, self._write)
        one(request, mailbox, messages)
        return self._hand.text(root)

    def _message(self, messages: etree._Element, operation: str, code: str = "NoError") -> etree._Element:
        kind = "Success" if code == "NoError" else "Warning" if code == "ErrorBatchProcessingStopped" else "Error"
        message = self._hand.under(messages, MESSAGES, f"{operation}ResponseMessage", ResponseClass=kind)
        if code != "NoError":
            self._hand.under(message, MESSAGES, "MessageText", f"{code}, in words.")
        self._hand.under(message, MESSAGES, "ResponseCode", code)
        if code != "NoError":
            self._hand.under(message, MESSAGES, "DescriptiveLinkKey", "0")
            self._hand.values(message, MESSAGES, self.values)
        return message

    def _find(self, request: etree._Element, mailbox: Mailbox, messages: etree._Element) -> None:
        view = request.find("m:CalendarView", NS)
        assert view is not None
        start, end = utc(view.get("StartDate", "")), utc(view.get("EndDate", ""))
        code = self.spoil("FindItem", 0)
        found = sorted((item for item in mailbox.items.values() if item.start < end and item.end > start), key=lambda item: item.start)
        if len(found) > self.habits.listing and self.habits.beyond == "refuse":
            code = "ErrorExceededFindCountLimit"
        message = self._message(messages, "FindItem", code or "NoError")
        if code:
            return
        for item in found:
            if self.habits.change_key == "always" or (self.habits.change_key == "settles" and not item.settled):
                item.version, item.settled = self.version(), True
        shown = found[: min(self.habits.listing, int(view.get("MaxEntriesReturned", "0")))]
        said = {"IncludesLastItemInRange": str(len(shown) == len(found)).lower()}
        if self.habits.total:
            said["TotalItemsInView"] = str(len(shown))
        items = self._hand.under(self._hand.under(message, MESSAGES, "RootFolder", **said), TYPES, "Items")
        fields, properties = _asked(request)
        for item in reversed(shown) if self.habits.reverse else shown:
            self._hand.item(items, item, fields, properties)

    def _get(self, request: etree._Element, mailbox: Mailbox, messages: etree._Element) -> None:
        fields, properties = _asked(request)
        for index, name in enumerate(request.iterfind("m:ItemIds/t:ItemId", NS)):
            item = mailbox.items.get(name.get("Id", ""))
            code = self.spoil("GetItem", index) or ("" if item else "ErrorItemNotFound")
            message = self._message(messages, "GetItem", code or "NoError")
            items = self._hand.under(message, MESSAGES, "Items")
            if item is not None and not code:
                self._hand.item(items, item, fields, properties)

    def _folder(self, request: etree._Element, mailbox: Mailbox, messages: etree._Element) -> None:
        message = self._message(messages, "GetFolder", self.spoil("GetFolder", 0) or "NoError")
        folder = self._hand.under(self._hand.under(message, MESSAGES, "Folders"), TYPES, "CalendarFolder")
        self._hand.under(folder, TYPES, "FolderId", Id=f"calendar of {mailbox.guid}", ChangeKey="1")
        self._hand.under(folder, TYPES, "TotalCount", str(len(mailbox.items)))

    def _write(self, request: etree._Element, mailbox: Mailbox, messages: etree._Element) -> None:
        name = etree.QName(request).localname
        path, one = {
            "CreateItem": ("m:Items/*", self._create),
            "UpdateItem": ("m:ItemChanges/*", self._update),
            "DeleteItem": ("m:ItemIds/*", self._delete),
        }[name]
        if any(value not in ("SendToNone", None) for key, value in request.attrib.items() if str(key).startswith("SendMeeting")):
            mailbox.mails += 1
        for index, part in enumerate(request.iterfind(path, NS)):
            code, item = self.spoil(name, index), None
            try:
                item = None if code else one(part, mailbox)
            except Refused as refused:
                code = str(refused)
            message = self._message(messages, name, code or "NoError")
            if name != "DeleteItem":
                items = self._hand.under(message, MESSAGES, "Items")
                if item is not None and (name == "CreateItem" or self.habits.names_updated):
                    self._hand.item_id(self._hand.under(items, TYPES, "CalendarItem"), item)
            if name == "UpdateItem" and not code:
                self._hand.under(self._hand.under(message, MESSAGES, "ConflictResults"), TYPES, "Count", "0")

    def _create(self, element: etree._Element, mailbox: Mailbox) -> Item:
        item = self.new(mailbox, utc(element.findtext("t:Start", "", NS)), utc(element.findtext("t:End", "", NS)))
        for child in element:
            self._put(item, child)
        return item

    def _update(self, change: etree._Element, mailbox: Mailbox) -> Item:
        item = self._named(change[0], mailbox)
        for update in change.iterfind("t:Updates/*", NS):
            if update.tag == f"{{{TYPES}}}DeleteItemField":
                name = (update[0].get("FieldURI") or "").rpartition(":")[2]
                item.fields.pop(name, None)
                item.categories = [] if name == "Categories" else item.categories
            else:
                self._put(item, update[1][0])
        item.version, item.settled = self.version(), False
        return item

    def _delete(self, name: etree._Element, mailbox: Mailbox) -> None:
        mailbox.deleted.append(mailbox.items.pop(self._named(name, mailbox).id))

    def _named(self, name: etree._Element, mailbox: Mailbox) -> Item:
        item = mailbox.items.get(name.get("Id", ""))
        if item is None:
            raise Refused("ErrorItemNotFound")
        if name.get("ChangeKey") != item.change_key and name.getparent() is not None and "ItemChange" in str(name.getparent().tag):  # type: ignore[union-attr]  # looked at
            raise Refused("ErrorIrresolvableConflict")
        return item

    def _put(self, item: Item, element: etree._Element) -> None:
        name, text = etree.QName(element).localname, element.text or ""
        if name in self.habits.keeps:
            text = self.habits.keeps[name](text)
        if name in ("Start", "End"):
            when = utc(text).replace(second=0) if self.habits.whole_minutes else utc(text)
            setattr(item, name.lower(), when)
        elif name == "IsAllDayEvent":
            item.all_day = text == "true"
        elif name == "Body":
            item.body = (text, element.get("BodyType", ""))
        elif name == "Categories":
            item.categories = [kept for entry in element if (kept := self.habits.keeps.get("Category", str)(entry.text or ""))]
        elif name == "ExtendedProperty":
            uri = element.find("t:ExtendedFieldURI", NS)
            assert uri is not None
            key = ((uri.get("PropertySetId") or "").lower(), uri.get("PropertyName") or "")
            item.extended[key] = element.findtext("t:Value", "", NS)
        elif "TimeZone" not in name:
            item.fields[name] = text


def _asked(request: etree._Element) -> tuple[list[str], list[tuple[str, str]]]:
    fields = [path.get("FieldURI") or "" for path in request.iterfind(".//t:FieldURI", NS)]
    properties = [
        ((path.get("PropertySetId") or "").lower(), path.get("PropertyName") or "")
        for path in request.iterfind(".//t:ExtendedFieldURI", NS)
    ]
    return fields, properties
