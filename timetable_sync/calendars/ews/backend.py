"""Calendars behind Exchange Web Services: the contract's five promises, each a few requests. Judges nothing that is the core's to judge."""

import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from exchangelib import Version
from exchangelib.version import EXCHANGE_2013, EXCHANGE_2013_SP1, EXCHANGE_2016, Build
from lxml import etree

from timetable_sync import __version__
from timetable_sync.calendars.contract import NOT_AHEAD, ChangeResult, TokenSource
from timetable_sync.calendars.ews import requests
from timetable_sync.calendars.ews.auth import AsAccount, ByToken, SignIn
from timetable_sync.calendars.ews.create_requests import create_items
from timetable_sync.calendars.ews.ctag import stamp_of
from timetable_sync.calendars.ews.errors import TooMany
from timetable_sync.calendars.ews.find_item import Page
from timetable_sync.calendars.ews.names import M, T
from timetable_sync.calendars.ews.operations import (
    CreateItems,
    DeleteItems,
    FindItems,
    GetFolders,
    GetItems,
    MailboxAccount,
    OneRequest,
    Result,
    UpdateItems,
)
from timetable_sync.calendars.ews.paging import read_window
from timetable_sync.calendars.ews.soap import IncompleteResponse
from timetable_sync.calendars.ews.transport import ExchangeProtocol
from timetable_sync.calendars.ews.validation import refusal
from timetable_sync.config.sections.ews import Ews
from timetable_sync.config.sections.run import Network
from timetable_sync.errors import BackendError, ConflictError, EventRejected, UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.last_full_read import CTag
from timetable_sync.model.snapshot import ItemRef, Snapshot
from timetable_sync.model.window import Window
from timetable_sync.network.proxy import proxy_address

_BUILDS: dict[str, Build] = {"Exchange2013": EXCHANGE_2013, "Exchange2013_SP1": EXCHANGE_2013_SP1, "Exchange2016": EXCHANGE_2016}

_ITEMS, _ITEM_ID = M + "Items", T + "ItemId"

#: Exchange gives a batch a minute, and whoever stands before it (a proxy, a front end) as long as we wait for the answer, at the most.
#: https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
_BATCH_TAKES = timedelta(minutes=1)

#: How many bodies are asked for at a time.
_BODIES = 100


def open_ews(
    settings: Ews,
    token: TokenSource | None,
    *,
    network: Network | None = None,
    environ: Mapping[str, str] | None = None,
    user_agent: str = f"timetable-sync/{__version__}",
) -> "EwsBackend":
    """The backend for the endpoint in ``settings``, with tokens from ``token``, or as the service account. Sends nothing yet.

    Raises UsageError for a CA bundle, password or proxy that cannot be used.
    """
    if settings.ca_bundle is not None:
        try:
            ssl.create_default_context(cafile=settings.ca_bundle)
        except OSError as error:
            raise UsageError(
                f"ews.ca_bundle: {settings.ca_bundle} cannot be used: {error.strerror or error}", "Name a file of PEM certificates."
            ) from None
    protocol = ExchangeProtocol(
        settings.endpoint,
        Version(_BUILDS[settings.version], settings.version),  # type: ignore[no-untyped-call]  # exchangelib has no types
        _sign_in(settings, token, environ),
        timeout=settings.timeout.total_seconds(),
        ca_bundle=settings.ca_bundle,
        proxy=proxy_address(network or Network(), environ),
        user_agent=user_agent,
    )
    return EwsBackend(settings, protocol)


def _sign_in(settings: Ews, token: TokenSource | None, environ: Mapping[str, str] | None) -> SignIn:
    if settings.sign_in == "entra":
        if token is None:
            raise UsageError('ews.sign_in is "entra", and there is no application to sign in as', "Add [entra] to the configuration.")
        return ByToken(token)
    if settings.user is None or settings.password is None:
        raise UsageError(
            f'ews.sign_in is "{settings.sign_in}", and ews.user or ews.password is missing', "Set both; the password by reference."
        )
    return AsAccount(settings.sign_in, settings.user, settings.password.read_text("ews.password", environ))


class EwsBackend:
    """See the contract. ``requests`` counts the requests sent so far, by operation."""

    def __init__(self, settings: Ews, protocol: ExchangeProtocol) -> None:
        self.batch = settings.batch
        self.longest_request = settings.timeout + _BATCH_TAKES
        self._anchor = None if settings.anchor == "mailbox" else settings.anchor
        # The attribute is in the schema of Exchange 2013 SP1 and later.
        self._suppress_receipts = settings.version != "Exchange2013"
        self._protocol = protocol

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests sent so far, by operation."""
        return dict(self._protocol.requests)

    def snapshot(self, calendar: Calendar, window: Window, ahead: timedelta = NOT_AHEAD) -> Snapshot:
        """See the contract. One request, and more where the window is longer than two years or holds more than Exchange lists at once."""
        service = FindItems(self._account(calendar))
        began: list[datetime | None] = []

        def find(view: Window) -> Page | None:
            try:
                return service.listing(requests.find_items(calendar.address, view))
            except TooMany:
                return None
            finally:
                began.append(service.before)

        try:
            found = read_window(find, window, ahead, calendar.address)
        except IncompleteResponse as error:
            raise service.not_whole(str(error)) from None
        return Snapshot(calendar, window, found.ours, found.foreign, found.clear_until, began[0], found.unreadable)

    def read_bodies(self, calendar: Calendar, items: Sequence[ItemRef]) -> Mapping[str, str]:
        """See the contract."""
        service = GetItems(self._account(calendar))
        bodies: dict[str, str] = {}
        for at in range(0, len(items), _BODIES):
            part = items[at : at + _BODIES]
            for item, result in zip(part, service.ask(requests.get_bodies(part), len(part)), strict=True):
                if isinstance(result, ConflictError):
                    continue
                if isinstance(result, EventRejected):
                    bodies[item.id] = ""
                    continue
                if isinstance(result, BackendError):
                    raise result
                found = result.find(f"{M}Items/*")
                if found is None:
                    raise service.not_whole("an event whose body was asked for is missing")
                bodies[item.id] = found.findtext(f"{T}Body") or ""
        return bodies

    def stamp(self, calendar: Calendar) -> CTag | None:
        """See the contract. Without a sign where the folder does not give all three of its own.

        The id of a folder has the mailbox's GUID in it, not the address that it was asked for by: [MS-OXWSITEMID] 2.2.3, id storage type
        MailboxItemMailboxGuidBased.
        Exchange tells the folder's time by the second: a second edit within the same second does not show. (The header that asks for
        more, DateTimePrecision, is declared for FindItem and GetItem only: Services.wsdl.)
        """
        service = GetFolders(self._account(calendar))
        return stamp_of(service.ask_one(requests.get_stamp(calendar.address)), service.given)

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        """See the contract. More than ``batch`` changes, or changes of several kinds, are the caller's mistake: ValueError."""
        if len(changes) > self.batch:
            raise ValueError(f"{len(changes)} changes in one call, {self.batch} at most")
        if len({type(change) for change in changes}) > 1:
            raise ValueError("changes of several kinds in one call")
        outcomes = {index: ChangeResult(change, error=refusal(change, calendar.address)) for index, change in enumerate(changes)}
        sent = [index for index, outcome in outcomes.items() if outcome.error is None]
        if sent:
            for index, outcome in zip(sent, self._write(calendar, [changes[index] for index in sent]), strict=True):
                outcomes[index] = outcome
        return [outcomes[index] for index in range(len(changes))]

    def close(self) -> None:
        """See the contract."""
        self._protocol.close()

    def _account(self, calendar: Calendar) -> MailboxAccount:
        return MailboxAccount(calendar.address, self._protocol, self._anchor or calendar.address)

    def _write(self, calendar: Calendar, changes: list[Change]) -> list[ChangeResult]:
        account = self._account(calendar)
        service: OneRequest
        results: Sequence[Result | ItemRef]
        try:
            if isinstance(changes[0], Create):
                service = creating = CreateItems(account)
                results = creating.create(create_items(calendar.address, cast(list[Create], changes)), len(changes))
            elif isinstance(changes[0], Update):
                service = UpdateItems(account)
                payload = requests.update_items(cast(list[Update], changes), suppress_receipts=self._suppress_receipts)
                results = service.ask(payload, len(changes))
            else:
                service = DeleteItems(account)
                payload = requests.delete_items(cast(list[Delete], changes), suppress_receipts=self._suppress_receipts)
                results = service.ask(payload, len(changes))
        except BackendError as error:
            return [ChangeResult(change, error=error) for change in changes]
        return [self._outcome(service, change, result) for change, result in zip(changes, results, strict=True)]

    @staticmethod
    def _outcome(service: OneRequest, change: Change, result: Result | ItemRef) -> ChangeResult:
        if isinstance(result, BackendError):
            return ChangeResult(change, error=result)
        if isinstance(change, Delete):
            return ChangeResult(change)
        item = result if isinstance(result, ItemRef) else _item_ref(result)
        if item is None:
            return ChangeResult(change, error=service.not_whole("an event that was written is not named in it"))
        return ChangeResult(change, item)


def _item_ref(message: etree._Element) -> ItemRef | None:
    # By hand: each event that is written comes by here, and find takes three times as long.
    for items in message.iterchildren(_ITEMS):
        for item in items:
            for found in item.iterchildren(_ITEM_ID):
                item_id, change_key = found.get("Id"), found.get("ChangeKey")
                return ItemRef(item_id, change_key) if item_id and change_key else None
    return None
