"""A server of canned answers on a real socket: it says what a test lays before it, and keeps what it was asked."""

import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lxml import etree

from tests.serving import Serving

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
NS = {"s": SOAP, "m": MESSAGES, "t": TYPES}


@dataclass
class Asked:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    def find(self, path: str) -> Any:
        """The first result of an XPath expression with prefixes s, m and t, or None."""
        found = self.root.xpath(path, namespaces=NS)
        return found[0] if isinstance(found, list) and found else None


@dataclass
class Canned:
    """One answer. ``drop`` closes the connection instead; ``hold`` is waited for before anything is said."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml; charset=utf-8"})
    drop: bool = False
    cut: int | None = None
    hold: threading.Event | None = None


class CannedServer(Serving):
    """Answers requests in the order its answers were laid down; ``always`` makes one when none is left."""

    def __init__(self, certificates: tuple[Path, Path] | None = None) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Canned] = []
        self.always: Callable[[Asked], Canned] | None = None
        canned = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = Asked(dict(self.headers.items()), body)
                canned.asked.append(asked)
                answer = canned.answers.pop(0) if canned.answers else canned.always(asked) if canned.always else Canned(status=500)
                if answer.hold is not None:
                    answer.hold.wait(10)
                if answer.drop:
                    self.close_connection = True
                    return
                # Not send_response: that adds a Date of its own.
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                with suppress(ConnectionError):  # who asked may have gone
                    self.end_headers()
                    self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
                self.close_connection = self.close_connection or answer.cut is not None

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificates)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if certificates else ''}://127.0.0.1:{self._server.server_address[1]}/EWS/Exchange.asmx"

    def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Lay down an answer; header names with _ for -."""
        given = {"Content-Type": "text/xml; charset=utf-8"} | {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(Canned(body, status, given))

    def drop(self) -> None:
        """The next request is read, and the connection closed."""
        self.answers.append(Canned(drop=True))


def envelope(inside: str) -> bytes:
    """A SOAP answer."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Header>'
        f'<h:ServerVersionInfo MajorVersion="15" MinorVersion="20" MajorBuildNumber="8901" MinorBuildNumber="28" '
        f'Version="V2018_01_08" xmlns:h="{TYPES}"/></s:Header>'
        f'<s:Body xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{inside}</s:Body></s:Envelope>'
    ).encode()


def answer_of(operation: str, *messages: str) -> bytes:
    """An answer of ``operation`` with these response messages."""
    return envelope(f"<m:{operation}Response><m:ResponseMessages>{''.join(messages)}</m:ResponseMessages></m:{operation}Response>")


def success(operation: str, inside: str = "") -> str:
    """A response message of success."""
    name = f"m:{operation}ResponseMessage"
    return f'<{name} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{inside}</{name}>'


def error(operation: str, code: str, *, text: str = "It went wrong.", values: dict[str, str] | None = None, kind: str = "Error") -> str:
    """A response message with an error code."""
    about = "".join(f'<t:Value Name="{name}">{value}</t:Value>' for name, value in (values or {}).items())
    xml = f"<m:MessageXml>{about}</m:MessageXml>" if about else ""
    items = "<m:Items/>" if operation in ("CreateItem", "UpdateItem", "GetItem") else ""
    name = f"m:{operation}ResponseMessage"
    return (
        f'<{name} ResponseClass="{kind}"><m:MessageText>{text}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>'
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{xml}{items}</{name}>"
    )


def fault(code: str, *, text: str = "It went wrong.", values: dict[str, str] | None = None) -> bytes:
    """A SOAP fault, which comes with HTTP 500."""
    about = "".join(f'<t:Value Name="{name}">{value}</t:Value>' for name, value in (values or {}).items())
    xml = f'<t:MessageXml xmlns:t="{TYPES}">{about}</t:MessageXml>' if about else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:{code}</faultcode><faultstring xml:lang="en-US">{text}</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{ERRORS}">{code}</e:ResponseCode><e:Message xmlns:e="{ERRORS}">{text}</e:Message>{xml}</detail>'
        f"</s:Fault></s:Body></s:Envelope>"
    ).encode()


def item_id(number: int) -> str:
    """The answer's part for an item that was written."""
    return f'<m:Items><t:CalendarItem><t:ItemId Id="id-{number}" ChangeKey="ck-{number}"/></t:CalendarItem></m:Items>'


def listing(*items: str, last: str = "true", total: int | None = None) -> bytes:
    """FindItem's answer."""
    count = len(items) if total is None else total
    return answer_of(
        "FindItem",
        success(
            "FindItem",
            f'<m:RootFolder TotalItemsInView="{count}" IncludesLastItemInRange="{last}"><t:Items>{"".join(items)}</t:Items></m:RootFolder>',
        ),
    )


def listed(number: int, start: str = "2026-11-24T09:00:00Z", *, marker: str | None = None, without: str = "", **values: str) -> str:
    """One item of a listing, with every field that is asked for; ``values`` by element name, ``without`` names one to leave out."""
    given = {
        "Subject": f"Event {number}",
        "Sensitivity": "Normal",
        "Categories": "",
        "DateTimeCreated": "2026-11-01T00:00:00Z",
        "ReminderIsSet": "false",
        "ReminderMinutesBeforeStart": "15",
        "ExtendedProperty": "",
        "Start": start,
        "End": "2026-12-24T10:00:00Z",
        "IsAllDayEvent": "false",
        "LegacyFreeBusyStatus": "Busy",
        "Location": "",
        "CalendarItemType": "Single",
    } | values
    if marker is not None:
        given["ExtendedProperty"] = (
            '<t:ExtendedFieldURI PropertySetId="4648e09c-9ef0-5b0e-89ba-1b82c0b91623" PropertyName="TimetableSync" PropertyType="String"/>'
            f"<t:Value>{marker}</t:Value>"
        )
    given = {name: value for name, value in given.items() if value and name != without}
    inside = "".join(f"<t:{name}>{value}</t:{name}>" for name, value in given.items())
    item = "" if without == "ItemId" else f'<t:ItemId Id="id-{number}" ChangeKey="ck-{number}"/>'
    return f"<t:CalendarItem>{item}{inside}</t:CalendarItem>"
