"""The operations: a request's bytes in, an answer's bytes out."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks.exchange.elements import MESSAGES, TYPES, change_key, id_element, item_id, number_of, render
from benchmarks.exchange.mailboxes import Item, Mailbox

#: Items in one listing, as Exchange limits them.
LIMIT = 1000

_OPERATION = re.compile(rb"<(?:\w+):Body><m:(\w+)")
_MAILBOX = re.compile(rb"<t:(?:PrimarySmtpAddress|SmtpAddress)>([^<]+)<")
_VIEW = re.compile(rb"<m:CalendarView[^>]*>")
_FROM = re.compile(rb'StartDate="([^"]+)"')
_UNTIL = re.compile(rb'EndDate="([^"]+)"')
_ITEM = re.compile(rb"<t:CalendarItem>.*?</t:CalendarItem>", re.DOTALL)
_CHANGE = re.compile(rb"<t:ItemChange>.*?</t:ItemChange>", re.DOTALL)
_ID = re.compile(rb'<t:ItemId (?:[^>]*?)Id="([^"]+)"')
_FOLDER = re.compile(rb'<t:(?:Distinguished)?FolderId (?:[^>]*?)Id="([^"]+)"')

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
    '<h:ServerVersionInfo MajorVersion="15" MinorVersion="20" MajorBuildNumber="9000" MinorBuildNumber="17" Version="V2017_07_11" '
    f'xmlns:h="{TYPES}"/></s:Header><s:Body>'
)
_TAIL = b"</m:ResponseMessages></m:%bResponse></s:Body></s:Envelope>"
_OK = b'<m:%bResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>%b</m:%bResponseMessage>'
_GONE = (
    b'<m:%bResponseMessage ResponseClass="Error"><m:MessageText>The specified object was not found in the store.</m:MessageText>'
    b"<m:ResponseCode>ErrorItemNotFound</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>%b</m:%bResponseMessage>"
)


def operation_of(body: bytes) -> str:
    """The operation that a request asks for; empty for what is none."""
    found = _OPERATION.search(body)
    return "" if found is None else found[1].decode()


def busy(milliseconds: int) -> bytes:
    """The fault of a server that has had enough, with its hint."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:ErrorServerBusy</faultcode><faultstring xml:lang="en-US">The server cannot service this request '
        'right now. Try again later.</faultstring><detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/'
        'errors">ErrorServerBusy</e:ResponseCode><e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">The '
        f'server cannot service this request right now. Try again later.</e:Message><t:MessageXml xmlns:t="{TYPES}">'
        f'<t:Value Name="BackOffMilliseconds">{milliseconds}</t:Value></t:MessageXml></detail></s:Fault></s:Body></s:Envelope>'
    ).encode()


class Store:
    """All mailboxes; one that is asked for is there."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self._marked: dict[str, Mailbox] = {}

    def mark(self) -> None:
        """Remember how everything stands now."""
        self._marked = {address: mailbox.copy() for address, mailbox in self.mailboxes.items()}

    def restore(self) -> None:
        """As it stood at the mark."""
        self.mailboxes = {address: mailbox.copy() for address, mailbox in self._marked.items()}

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox of that address."""
        found = self.mailboxes.get(address)
        if found is None:
            found = self.mailboxes[address] = Mailbox()
        return found

    def create(self, address: str, xml: bytes) -> Item:
        """A new item out of a CalendarItem."""
        mailbox = self.mailbox(address)
        mailbox.last += 1
        item = render(address, mailbox.last, 1, xml)
        mailbox.put(item)
        return item

    def answer(self, operation: str, body: bytes) -> bytes:
        """The answer to a request."""
        found = _MAILBOX.search(body)
        address = found[1].decode() if found else ""
        mailbox = self.mailbox(address)
        name = operation.encode()
        messages = _OPERATIONS[operation](self, address, mailbox, body)
        head = f'{_HEAD}<m:{operation}Response xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages>'.encode()
        inner = b"".join(_GONE % (name, b"<m:Items/>", name) if one is None else _OK % (name, one, name) for one in messages)
        return head + inner + _TAIL % name


def _get_folder(_: Store, address: str, mailbox: Mailbox, body: bytes) -> list[bytes | None]:
    changed = datetime.fromtimestamp(mailbox.commit_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    messages: list[bytes | None] = []
    for name in _FOLDER.findall(body):
        kind, title, shown = ("CalendarFolder", b"calendar", "Calendar") if name == b"calendar" else ("Folder", b"msgfolderroot", "Top")
        messages.append(
            (
                f'<m:Folders><t:{kind}><t:FolderId Id="{title.decode()}-folder-of-{address}" ChangeKey="AQAAAA=="/>'
                f"<t:DisplayName>{shown}</t:DisplayName><t:TotalCount>{len(mailbox.items)}</t:TotalCount>"
                "<t:ChildFolderCount>0</t:ChildFolderCount>"
                '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x670a" PropertyType="SystemTime"/>'
                f"<t:Value>{changed}</t:Value></t:ExtendedProperty>"
                '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x670b" PropertyType="Integer"/>'
                f"<t:Value>{mailbox.deleted}</t:Value></t:ExtendedProperty>"
                f"<t:DistinguishedFolderId>{title.decode()}</t:DistinguishedFolderId></t:{kind}></m:Folders>"
            ).encode()
        )
    return messages


def _find_item(_: Store, address: str, mailbox: Mailbox, body: bytes) -> list[bytes | None]:
    found = _VIEW.search(body)
    view = found[0] if found else b""
    start, end = _FROM.search(view), _UNTIL.search(view)
    inside = mailbox.within(start[1].decode() if start else "", end[1].decode() if end else "9")
    whole = len(inside) <= LIMIT
    if b"FieldURI" in body:
        items = b"".join(item.listed for item in inside[:LIMIT])
    else:
        items = b"".join(b"<t:CalendarItem>%b</t:CalendarItem>" % id_element(address, item.number, item.version) for item in inside[:LIMIT])
    root = f'<m:RootFolder TotalItemsInView="{len(inside)}" IncludesLastItemInRange="{str(whole).lower()}"><t:Items>'
    return [root.encode() + items + b"</t:Items></m:RootFolder>"]


def _get_item(_: Store, __: str, mailbox: Mailbox, body: bytes) -> list[bytes | None]:
    messages: list[bytes | None] = []
    for name in _ID.findall(body):
        item = mailbox.items.get(number_of(name.decode()))
        if item is None:
            messages.append(None)
            continue
        head, sensitivity, rest = item.listed.partition(b"</t:Sensitivity>")
        messages.append(b"<m:Items>" + head + sensitivity + item.body + rest + b"</m:Items>")
    return messages


def _written(address: str, item: Item) -> bytes:
    return (
        f'<m:Items><t:CalendarItem><t:ItemId Id="{item_id(address, item.number)}" ChangeKey="{change_key(item.version)}"/>'
        "</t:CalendarItem></m:Items>"
    ).encode()


def _create_item(store: Store, address: str, mailbox: Mailbox, body: bytes) -> list[bytes | None]:
    mailbox.changes += 1
    return [_written(address, store.create(address, xml)) for xml in _ITEM.findall(body)]


def _update_item(_: Store, address: str, mailbox: Mailbox, body: bytes) -> list[bytes | None]:
    mailbox.changes += 1
    messages: list[bytes | None] = []
    for xml in _CHANGE.findall(body):
        found = _ID.search(xml)
        before = mailbox.items.get(number_of(found[1].decode())) if found else None
        if before is None:
            messages.append(None)
            continue
        item = render(address, before.number, before.version + 1, xml, before)
        mailbox.put(item)
        messages.append(_written(address, item) + b"<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>")
    return messages


def _delete_item(_: Store, __: str, mailbox: Mailbox, body: bytes) -> list[bytes | None]:
    mailbox.changes += 1
    return [b"" if mailbox.remove(number_of(name.decode())) else None for name in _ID.findall(body)]


_OPERATIONS: dict[str, Callable[[Store, str, Mailbox, bytes], list[bytes | None]]] = {
    "GetFolder": _get_folder,
    "FindItem": _find_item,
    "GetItem": _get_item,
    "CreateItem": _create_item,
    "UpdateItem": _update_item,
    "DeleteItem": _delete_item,
}
