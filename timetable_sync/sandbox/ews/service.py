"""One EWS request from its bytes to its answer: read, check who asks for whom, carry out, answer. Knows no sockets.

What an application without a user must send: a token, the mailbox to act for (ExchangeImpersonation) and the anchor by
which Exchange finds that mailbox's server
(https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/how-to-authenticate-an-ews-application-by-using-oauth).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.entra.tokens import Grant, TokenRefused, is_exchange
from timetable_sync.sandbox.ews.operations.other import convert_id, sync_folder_hierarchy, sync_folder_items
from timetable_sync.sandbox.ews.operations.reading import find_item, get_folder, get_item
from timetable_sync.sandbox.ews.operations.writing import create_item, delete_item, update_item
from timetable_sync.sandbox.ews.reader import Node, NotXml, SchemaViolation, read
from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ews.responses import EwsError, SoapFault, envelope, error, fault, schema_fault, value_xml
from timetable_sync.sandbox.ews.windows_zones import zone_of
from timetable_sync.sandbox.mailbox import Mailbox
from timetable_sync.sandbox.world import World

_OPERATIONS: dict[str, Callable[[Request], list[str]]] = {
    "GetFolder": get_folder,
    "FindItem": find_item,
    "GetItem": get_item,
    "CreateItem": create_item,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
    "ConvertId": convert_id,
    "SyncFolderItems": sync_folder_items,
    "SyncFolderHierarchy": sync_folder_hierarchy,
}


@dataclass(slots=True)
class Answer:
    """Status, text and extra headers of an answer."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Faulty:
    """What faults on demand want of an answer, by the items' numbers from 0; -1 is every item.

    ``errors`` are met before an item's work; ``told`` only say so after it. For ``missing`` no answer is given; ``page`` is the most
    items that a page may have.
    """

    errors: dict[int, EwsError] = field(default_factory=dict)
    told: dict[int, EwsError] = field(default_factory=dict)
    missing: frozenset[int] = frozenset()
    page: int | None = None


@dataclass(slots=True)
class Asked:
    """What a request turned out to be, before anything is done."""

    operation: str
    address: str
    envelope: Node
    items: int


def unauthorised(reason: str) -> Answer:
    """A 401 as Exchange gives it to a bearer that it does not like."""
    headers = {
        "WWW-Authenticate": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", '
        'trusted_issuers="00000001-0000-0000-c000-000000000000@*", '
        'token_types="app_asserted_user_v1 service_asserted_app_v1", error="invalid_token"'
    }
    if reason:
        headers["x-ms-diagnostics"] = f'2000001;reason="{reason}";error_category="invalid_token"'
    return Answer(401, "", headers)


def grant_of(world: World, headers: Mapping[str, str]) -> Grant:
    """What the request's token grants; raises :class:`~timetable_sync.sandbox.entra.tokens.TokenRefused`."""
    kind, _, token = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise TokenRefused("")
    grant = world.tokens.check(token.strip())
    if not is_exchange(grant.audience):
        raise TokenRefused("The audience claim value is invalid for current resource.")
    return grant


def look_at(body: bytes) -> Asked:
    """What is asked for; raises :class:`~timetable_sync.sandbox.ews.responses.SoapFault` where it cannot be asked so."""
    try:
        top = read(body)
    except NotXml:
        # The form for malformed XML: MS-OXWUMS, section 2.2.2.1.
        raise SoapFault("ErrorInvalidRequest", "The request is invalid.") from None
    except SchemaViolation as found:
        raise schema_fault(found.violation, found.line, found.position) from None
    operation = (top.find("Body") or top).children[0]
    sid = top.find("Header", "ExchangeImpersonation", "ConnectingSID")
    address = sid.children[0].text.strip() if sid else ""
    holder = operation.children[-1] if operation.children else operation
    return Asked(operation.name, address, top, len(holder.children))


def _mailbox(world: World, asked: Asked, grant: Grant, headers: Mapping[str, str]) -> Mailbox:
    if not asked.address:
        raise SoapFault("ErrorImpersonationRequired", "ExchangeImpersonation SOAP header must be present for this type of OAuth token.")
    anchor = headers.get("X-AnchorMailbox", "").strip()
    if not anchor:
        raise SoapFault("ErrorInvalidRequest", "The request is invalid: the header X-AnchorMailbox is missing.")
    if not anchor.startswith("APP:") and world.mailbox(anchor.removeprefix("SMTP:")) is None:
        raise SoapFault("ErrorNonExistentMailbox", f"No mailbox with such an address: {anchor} (X-AnchorMailbox).")
    mailbox = world.mailbox(asked.address)
    sid = asked.envelope.find("Header", "ExchangeImpersonation", "ConnectingSID")
    if sid is not None and sid.children[0].name == "SID":
        mailbox = next((one for one in world.mailboxes.values() if one.sid == asked.address), None)
    if mailbox is None:
        raise SoapFault("ErrorNonExistentMailbox")
    if mailbox.refused:
        raise SoapFault(mailbox.refused, "The mailbox refuses Exchange Web Services.")
    if code := mailbox.aliases.get(asked.address.lower()):
        # The answer has the right one: https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
        failure = SoapFault(code, "The primary SMTP address must be specified when referencing a mailbox.")
        failure.xml = value_xml("Primary", mailbox.address)
        raise failure
    if not _may_use(world, grant, mailbox.address):
        raise SoapFault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the requested user.")
    return mailbox


def _may_use(world: World, grant: Grant, address: str) -> bool:
    if grant.account is not None:
        return grant.account.may_use(address)
    application = world.directory.applications.get(grant.client_id.lower())
    return application is not None and application.may_use(address, grant.roles)


def _zone(top: Node) -> tuple[ZoneInfo | None, str]:
    definition = top.find("Header", "TimeZoneContext", "TimeZoneDefinition")
    if definition is None:
        return None, ""
    name = definition.get("Id")
    zone = zone_of(name)
    if zone is None:
        raise SoapFault("ErrorTimeZone", f"The time zone '{name}' is not known.")
    return zone, name


def carry_out(
    world: World,
    asked: Asked,
    grant: Grant,
    headers: Mapping[str, str],
    faulty: Faulty | None = None,
) -> Answer:
    """The answer to a request that the schema allows."""
    faulty = faulty or Faulty()
    try:
        mailbox = _mailbox(world, asked, grant, headers)
        zone, zone_name = _zone(asked.envelope)
        request = Request(
            world,
            mailbox,
            grant.client_id,
            (asked.envelope.find("Body") or asked.envelope).children[0],
            zone=zone,
            zone_name=zone_name,
            milliseconds=asked.envelope.value("Header", "DateTimePrecision") == "Milliseconds",
            item_errors=faulty.errors,
            missing=faulty.missing,
            page=faulty.page,
        )
        messages = _OPERATIONS[asked.operation](request)
    except SoapFault as failure:
        return refused(failure)
    except EwsError as failure:
        return refused(SoapFault(failure.code, failure.sentence))
    messages = [_told(asked.operation, faulty.told.get(index) or faulty.told.get(-1), one) for index, one in enumerate(messages)]
    if faulty.missing and asked.operation != "FindItem":
        messages = [one for index, one in enumerate(messages) if index not in faulty.missing]
    return Answer(200, envelope(asked.operation, messages))


def _told(operation: str, failure: EwsError | None, message: str) -> str:
    """The message, or in its place an error of an item that was written all the same."""
    if failure is None:
        return message
    return error(f"{operation}ResponseMessage", failure, _EVEN_THEN.get(operation, ""))


#: What the schema wants of a message even where it says an error.
_EVEN_THEN = {"CreateItem": "<m:Items/>", "UpdateItem": "<m:Items/>", "GetItem": "<m:Items/>", "GetFolder": "<m:Folders/>"}


def refused(failure: SoapFault) -> Answer:
    """A SOAP fault as an answer."""
    return Answer(500, fault(failure))
