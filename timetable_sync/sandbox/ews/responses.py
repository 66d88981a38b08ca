"""The forms in which Exchange answers: envelope, response messages, SOAP faults, errors with their sentences. Decides nothing."""

import re
from xml.sax.saxutils import escape, quoteattr

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    "<s:Header>"
    '<h:ServerVersionInfo MajorVersion="15" MinorVersion="20" MajorBuildNumber="9000" MinorBuildNumber="17" Version="V2017_07_11" '
    f'xmlns:h="{TYPES}" xmlns="{TYPES}"/>'
    "</s:Header><s:Body>"
)
#: What cannot stand in XML as it is.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")

_TAIL = "</s:Body></s:Envelope>"

#: The sentence that comes with a code, where nobody gives a better one.
SENTENCES = {
    "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
    "ErrorCalendarDurationIsTooLong": "Duration is too long.",
    "ErrorCalendarEndDateIsEarlierThanStartDate": "EndDate is earlier than StartDate",
    "ErrorCalendarViewRangeTooBig": "The calendar view range is too big. The maximum range is two years.",
    "ErrorChangeKeyRequired": "A change key is required for this operation.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorInternalServerTransientError": "An internal server error occurred. Try again later.",
    "ErrorInvalidChangeKey": "The change key is invalid.",
    "ErrorInvalidIdMalformed": "Id is malformed.",
    "ErrorInvalidPropertySet": "Set action is invalid for property.",
    "ErrorIrresolvableConflict": (
        "The send or update operation could not be performed because the change key passed in the request does not match the current "
        "change key for the item."
    ),
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorMailboxMoveInProgress": "Mailbox move in progress. Try again later.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorQuotaExceeded": "The mailbox quota has been exceeded.",
    "ErrorSendMeetingCancellationsRequired": "SendMeetingCancellations attribute is required for Calendar items.",
    "ErrorSendMeetingInvitationsOrCancellationsRequired": (
        "SendMeetingInvitationsOrCancellations attribute is required for Calendar items."
    ),
    "ErrorSendMeetingInvitationsRequired": "SendMeetingInvitations attribute is required for Calendar items.",
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
}


class EwsError(Exception):
    """One item's, folder's or operation's error: it becomes a response message within a 200."""

    def __init__(self, code: str, sentence: str = "", *, xml: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence or SENTENCES.get(code, "The request failed.")
        self.xml = xml


class SoapFault(Exception):
    """An error of the whole request: HTTP 500 and a SOAP fault."""

    def __init__(self, code: str, sentence: str = "", *, xml: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence or SENTENCES.get(code, "The request failed.")
        self.xml = xml


def text(value: str) -> str:
    """Escaped as element text.

    A carriage return survives as a reference; and so does a control character, though XML 1.0 forbids it: Exchange hands out
    what people pasted into Outlook (a vertical tab, most often), and readers had better be ready for it.
    """
    return _CONTROL.sub(lambda found: f"&#x{ord(found[0]):X};", escape(value))


def attribute(value: str) -> str:
    """Escaped and quoted."""
    return quoteattr(value)


def value_xml(name: str, value: str) -> str:
    """An entry of MessageXml."""
    return f"<t:Value Name={attribute(name)}>{text(value)}</t:Value>"


def success(message: str, content: str) -> str:
    """A response message that says NoError. ``message`` is the operation with "ResponseMessage"."""
    return f'<m:{message} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{content}</m:{message}>'


def error(message: str, failure: EwsError, content: str = "") -> str:
    """A response message that says what went wrong; ``content`` is what its type demands even then."""
    inner = f"<m:MessageXml>{failure.xml}</m:MessageXml>" if failure.xml else ""
    return (
        f'<m:{message} ResponseClass="Error"><m:MessageText>{text(failure.sentence)}</m:MessageText>'
        f"<m:ResponseCode>{failure.code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{inner}{content}</m:{message}>"
    )


#: The message of a FindItem that found nothing.
EMPTY = success(
    "FindItemResponseMessage",
    '<m:RootFolder IndexedPagingOffset="0" TotalItemsInView="0" IncludesLastItemInRange="true"><t:Items/></m:RootFolder>',
)


def envelope(operation: str, messages: list[str]) -> str:
    """The whole answer to an operation."""
    return (
        f'{_HEAD}<m:{operation}Response xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages>'
        f"{''.join(messages)}</m:ResponseMessages></m:{operation}Response>{_TAIL}"
    )


def fault(failure: SoapFault) -> str:
    """The whole answer that is a SOAP fault."""
    inner = f'<t:MessageXml xmlns:t="{TYPES}">{failure.xml}</t:MessageXml>' if failure.xml else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:{failure.code}</faultcode><faultstring xml:lang="en-US">{text(failure.sentence)}</faultstring>'
        f'<detail><e:ResponseCode xmlns:e="{ERRORS}">{failure.code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{text(failure.sentence)}</e:Message>{inner}</detail></s:Fault></s:Body></s:Envelope>'
    )


def schema_fault(violation: str, line: int, position: int) -> SoapFault:
    """The fault for a request that the schema does not allow."""
    found = SoapFault("ErrorSchemaValidation", f"The request failed schema validation: {violation}")
    found.xml = (
        f"<t:LineNumber>{line}</t:LineNumber><t:LinePosition>{position}</t:LinePosition><t:Violation>{text(violation)}</t:Violation>"
    )
    return found
