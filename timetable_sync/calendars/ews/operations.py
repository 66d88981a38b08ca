"""EWS operations as exchangelib's services, each cut down to one request a call. No request is ever repeated here, nothing sleeps.

What exchangelib's services do and these do not: try the request again under every older version of the protocol, sleep when told to
back off, cut a call into several requests and lose the results of the first when the second fails, read an unknown error code
as a reason to raise. Every response message's result comes back, in order.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from exchangelib import IMPERSONATION, UTC, Identity
from exchangelib.services.common import EWSAccountService
from lxml import etree

from timetable_sync.calendars.ews.create_requests import created
from timetable_sync.calendars.ews.errors import Complaint, Scope, judge
from timetable_sync.calendars.ews.find_item import Fields, Page, read_page
from timetable_sync.calendars.ews.find_item_text import set_apart
from timetable_sync.calendars.ews.requests import enveloped
from timetable_sync.calendars.ews.soap import IncompleteResponse, complaint_of, response_messages
from timetable_sync.calendars.ews.transport import ExchangeProtocol
from timetable_sync.errors import BackendError, OutcomeUnknown, TransientError
from timetable_sync.model.snapshot import ItemRef

Result = etree._Element | BackendError


class MailboxAccount:
    """What exchangelib's services want of an Account.

    Not an Account: that asks a process-wide cache for its protocol, by endpoint, and would get another run's.
    """

    access_type = IMPERSONATION
    default_timezone = UTC

    def __init__(self, address: str, protocol: ExchangeProtocol, anchor: str) -> None:
        self.protocol = protocol
        self.version = protocol.version
        self.primary_smtp_address = address
        self.anchor = anchor
        self.identity = Identity(smtp_address=address)  # type: ignore[no-untyped-call]  # exchangelib has no types
        self.affinity_cookie = None


class OneRequest(EWSAccountService):
    """One operation on one mailbox."""

    SERVICE_NAME: str = ""  # type: ignore[assignment]  # exchangelib's own is None
    writing = False

    #: What is done twice is there twice.
    once = False

    #: What a complaint in a response message concerns, as :func:`judge` has it.
    scope: Scope = "item"

    #: When the latest answer was given, by the server's clock, and when that had not yet begun to look for it.
    given: datetime | None = None
    before: datetime | None = None

    def __init__(self, account: MailboxAccount) -> None:
        super().__init__(account=account)  # type: ignore[no-untyped-call]  # exchangelib has no types

    def _extra_headers(self) -> dict[str, str]:
        return {"X-AnchorMailbox": self.account.anchor}

    def ask(self, payload: etree._Element | bytes, expected: int, trim: Callable[[bytes], bytes] | None = None) -> list[Result]:
        """Send ``payload``; one result for each of the ``expected`` things asked, in order: its response message, or its error.

        ``trim`` takes out of an answer what its caller reads by other means, before it is parsed.
        Raises a BackendError where the request as a whole came to nothing, or where the answer is not whole.
        """
        content = self._sent(payload)
        return self._results(content if trim is None else trim(content), expected)

    def _sent(self, payload: etree._Element | bytes) -> bytes:
        where = self.account.primary_smtp_address
        version: str = self.account.version.api_version
        body = enveloped(payload, version, where)
        came = self.protocol.post(self.SERVICE_NAME, body, self._extra_headers(), where=where, writing=self.writing)
        self.given = came.given
        self.before = None if came.given is None else came.given - came.took
        content: bytes = came.content
        return content

    def _results(self, content: bytes, expected: int) -> list[Result]:
        where = self.account.primary_smtp_address
        try:
            answer = response_messages(content, self.SERVICE_NAME)
            self.protocol.speaks()
            if isinstance(answer, Complaint):
                raise self._of_request(judge(answer, where, writing=self.writing, scope="request"))
            if len(answer) != expected:
                # Which of them is missing cannot be told, and an id taken for another's would be written to the wrong event.
                raise IncompleteResponse(f"{expected} results were asked for, {len(answer)} came")
        except IncompleteResponse as error:
            raise self.not_whole(str(error)) from None
        return [self._result(message, where) for message in answer]

    def not_whole(self, why: str) -> TransientError | OutcomeUnknown:
        """The error for an answer that lacks something."""
        sentence = f"{self.account.primary_smtp_address}: Exchange's answer cannot be used: {why}"
        return OutcomeUnknown(sentence) if self.writing else TransientError(sentence)

    def _of_request(self, error: BackendError) -> BackendError:
        """The error, with "busy" and its like doubted where the word is all that stands between us and a duplicate.

        They ought to mean that nothing was begun, but in a batch the budget is looked at after each item.
        """
        if not self.once or not isinstance(error, TransientError):
            return error
        return OutcomeUnknown(error.message, error.advice, wait=error.wait, busy=error.busy)

    def _result(self, message: etree._Element, where: str) -> Result:
        try:
            complaint = complaint_of(message)
        except IncompleteResponse as error:
            return self.not_whole(str(error))
        return message if complaint is None else judge(complaint, where, writing=self.writing, scope=self.scope)

    def ask_one(self, payload: etree._Element | bytes, trim: Callable[[bytes], bytes] | None = None) -> etree._Element:
        """As :meth:`ask`, for one thing; raises its error."""
        result = self.ask(payload, 1, trim)[0]
        if isinstance(result, BackendError):
            raise result
        return result


class FindItems(OneRequest):
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation"""

    SERVICE_NAME = "FindItem"

    def listing(self, payload: etree._Element) -> Page:
        """The listing that ``payload`` asks for. Raises its error, and IncompleteResponse for one that lacks something."""
        apart: list[list[Fields]] = []

        def without_events(content: bytes) -> bytes:
            found = set_apart(content)
            if found is None:
                return content
            apart.append(found.items)
            return found.rest

        message = self.ask_one(payload, without_events)
        return read_page(message, apart[0] if apart else None)


class GetItems(OneRequest):
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/getitem-operation"""

    SERVICE_NAME = "GetItem"
    scope: Scope = "event"


class GetFolders(OneRequest):
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation"""

    SERVICE_NAME = "GetFolder"


class CreateItems(OneRequest):
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/createitem-operation"""

    SERVICE_NAME = "CreateItem"
    writing = True
    once = True

    def create(self, payload: bytes, expected: int) -> Sequence[Result | ItemRef]:
        """As :meth:`ask`; the names of the new events where all of them were made."""
        content = self._sent(payload)
        try:
            found = created(content, expected)
        except IncompleteResponse as error:
            raise self.not_whole(str(error)) from None
        if found is None:
            return self._results(content, expected)
        self.protocol.speaks()
        return found


class UpdateItems(OneRequest):
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateitem-operation"""

    SERVICE_NAME = "UpdateItem"
    writing = True


class DeleteItems(OneRequest):
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteitem-operation"""

    SERVICE_NAME = "DeleteItem"
    writing = True
