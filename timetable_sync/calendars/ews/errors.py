"""What EWS's error codes mean for a run: a table, and the one function that reads it. Sends nothing.

Codes: https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from timetable_sync.errors import BackendError, CalendarError, ConflictError, EventRejected, OutcomeUnknown, ServiceError, TransientError


class Kind(Enum):
    """How far an error reaches."""

    PASSES = "passes"
    STALE = "stale"
    ITEM = "item"
    CALENDAR = "calendar"
    RUN = "run"
    TOO_MANY = "too many"


class TooMany(CalendarError):
    """More lies in the view than Exchange lists at once: a shorter view helps."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One code's meaning.

    ``sentence`` reads after "address: "; ``maybe_done`` says that a write may have been carried out, ``maybe_yet`` that it may be carried
    out later, as a server behind the one that answers has it; ``busy`` that there is too much going on, be it of ours; ``gone`` that there
    is no such mailbox.
    """

    kind: Kind
    sentence: str
    advice: str = ""
    maybe_done: bool = False
    maybe_yet: bool = False
    busy: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """What Exchange said was wrong: its code, its own words, and its hint in seconds, if it gave one.

    ``inner`` is a code behind the code, or empty.
    """

    code: str
    text: str = ""
    wait: float | None = None
    inner: str = ""


_NO_MAILBOX = "Compare calendars.address with the mailboxes that exist; a new group's mailbox appears some time after the group."
_ACCESS = (
    "Check the app's permission full_access_as_app (with admin consent) or, with RBAC for Applications, "
    "that its scope includes this mailbox."
)
_UNKNOWN = (
    "See if other calendars fail alike, and what Microsoft says of this ResponseCode; please report it, so that the next version knows it."
)
_VERSION = 'Set ews.version to an older one, as "Exchange2013_SP1".'


def _passes(sentence: str, *, maybe_done: bool = False, maybe_yet: bool = False, busy: bool = False) -> Verdict:
    return Verdict(Kind.PASSES, sentence, maybe_done=maybe_done or maybe_yet, maybe_yet=maybe_yet, busy=busy)


def _item(sentence: str, advice: str = "Look at this event's row in the timetable.") -> Verdict:
    return Verdict(Kind.ITEM, sentence, advice)


def _calendar(sentence: str, advice: str) -> Verdict:
    return Verdict(Kind.CALENDAR, sentence, advice)


def _gone(sentence: str = "there is no such mailbox") -> Verdict:
    return Verdict(Kind.CALENDAR, sentence, _NO_MAILBOX, gone=True)


_NEXT = "The next night reads the calendar again."
_GONE = "the event is gone"
_READ_AGAIN = "the event is not what it was when it was read"
_BUSY = "Exchange is busy"
_STORE = "the mailbox's database is not available just now"
_MOVING = "the mailbox is being moved"
_STUMBLED = "Exchange stumbled"

VERDICTS: dict[str, Verdict] = {
    # Passes. Where Exchange says "busy" it has not begun; where it stumbled on the way, a write may have been carried out; where it waits
    # for another server no longer, that one may be at work yet.
    "ErrorServerBusy": _passes(_BUSY, busy=True),
    "ErrorExceededConnectionCount": _passes("too many connections to Exchange are open", busy=True),
    "ErrorTooManyObjectsOpened": _passes("too many objects are open in Exchange"),
    "ErrorBatchProcessingStopped": _passes("Exchange stopped before it came to this event"),
    "ErrorMailboxStoreUnavailable": _passes(_STORE),
    "ErrorMailboxMoveInProgress": _passes(_MOVING),
    "ErrorADUnavailable": _passes("Exchange's directory is not available just now"),
    "ErrorADOperation": _passes("Exchange's directory is not available just now"),
    "ErrorInsufficientResources": _passes("Exchange is short of resources"),
    "ErrorNoRespondingCASInDestinationSite": _passes("no server of the mailbox's site responds"),
    "ErrorTimeoutExpired": _passes("Exchange ran out of time", maybe_yet=True),
    "ErrorInternalServerError": _passes(_STUMBLED, maybe_done=True),
    "ErrorInternalServerTransientError": _passes(_STUMBLED, maybe_done=True),
    "ErrorConnectionFailed": _passes("Exchange lost its connection to the mailbox's database", maybe_yet=True),
    "ErrorMailboxFailover": _passes(_STORE, maybe_yet=True),
    "ErrorMailboxLogonFailed": _passes(_STORE),
    "ErrorNoApplicableProxyCASServersAvailable": _passes("no server of the mailbox's site responds"),
    "ErrorProxyRequestProcessingFailed": _passes(_STUMBLED, maybe_yet=True),
    "ErrorProxyCallFailed": _passes(_STUMBLED, maybe_yet=True),
    # To be read again.
    "ErrorItemNotFound": Verdict(Kind.STALE, _GONE),
    "ErrorIrresolvableConflict": Verdict(Kind.STALE, _READ_AGAIN),
    "ErrorStaleObject": Verdict(Kind.STALE, _READ_AGAIN),
    "ErrorInvalidChangeKey": Verdict(Kind.STALE, _READ_AGAIN),
    "ErrorChangeKeyRequiredForWriteOperations": Verdict(Kind.STALE, _READ_AGAIN),
    "ErrorCalendarCannotUpdateDeletedItem": Verdict(Kind.STALE, _GONE),
    "ErrorObjectTypeChanged": Verdict(Kind.STALE, _READ_AGAIN),
    "ErrorInvalidIdMalformed": Verdict(Kind.STALE, "the event's id is not valid any more"),
    "ErrorInvalidId": Verdict(Kind.STALE, "the event's id is not valid any more"),
    "ErrorInvalidIdStoreObjectIdTooLong": Verdict(Kind.STALE, "the event's id is not valid any more"),
    # One event.
    "ErrorInvalidPropertySet": _item("Exchange does not accept one of the event's fields"),
    "ErrorInvalidPropertyRequest": _item("Exchange does not accept one of the event's fields"),
    "ErrorInvalidPropertyUpdateSentMessage": _item("Exchange does not accept one of the event's fields"),
    "ErrorInvalidPropertyDelete": _item("Exchange does not accept one of the event's fields"),
    "ErrorInvalidValueForProperty": _item("Exchange does not accept one of the event's values"),
    "ErrorPropertyUpdate": _item("Exchange does not accept one of the event's fields"),
    "ErrorPropertyValidationFailure": _item("Exchange does not accept one of the event's values"),
    "ErrorInvalidExtendedProperty": _item("Exchange does not accept the event's marker"),
    "ErrorInvalidExtendedPropertyValue": _item("Exchange does not accept the event's marker"),
    "ErrorItemSavePropertyError": _item("Exchange could not save the event"),
    "ErrorItemSave": _item("Exchange could not save the event"),
    "ErrorItemCorrupt": _item("the event is damaged", "Delete it by hand in Outlook; the next night makes it anew."),
    "ErrorCorruptData": _item("the event is damaged", "Delete it by hand in Outlook; the next night makes it anew."),
    "ErrorMessageSizeExceeded": _item("the event is too large", "Shorten event.body."),
    "ErrorDataSizeLimitExceeded": _item("the event is too large", "Shorten event.body."),
    "ErrorCalendarEndDateIsEarlierThanStartDate": _item("its end is before its start"),
    "ErrorCalendarDurationIsTooLong": _item("it lasts too long for Exchange"),
    "ErrorCalendarOutOfRange": _item("its time is outside of what Exchange can keep"),
    "ErrorCalendarInvalidTimeZone": _item("Exchange does not know its time zone", "Check timetable.time_zone."),
    "ErrorCalendarInvalidAttributeValue": _item("Exchange does not accept one of the event's values"),
    "ErrorCalendarInvalidPropertyState": _item("Exchange does not accept one of the event's values"),
    "ErrorCalendarInvalidPropertyValue": _item("Exchange does not accept one of the event's values"),
    "ErrorTimeZone": _item("Exchange does not know its time zone", "Check timetable.time_zone."),
    "ErrorIncorrectUpdatePropertyCount": _item("Exchange does not accept the update"),
    "ErrorCannotDeleteObject": _item("Exchange does not let it be deleted", "Delete it by hand in Outlook."),
    "ErrorMoveCopyFailed": _item("it could not be moved to Deleted Items", "Delete it by hand in Outlook."),
    "ErrorRecurrenceHasNoOccurrence": _item("someone made it a series", "Undo the series in Outlook."),
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": _item("someone made it a series", "Undo the series in Outlook."),
    "ErrorSchemaValidation": _item("Exchange could not read the request", "This is a fault of timetable-sync: please report it."),
    "ErrorInvalidRequest": _item("Exchange could not read the request", "This is a fault of timetable-sync: please report it."),
    # This calendar.
    "ErrorNonExistentMailbox": _gone(),
    "ErrorMailRecipientNotFound": _gone(),
    "ErrorNonPrimarySmtpAddress": _calendar(
        "this is not the mailbox's primary address", "Make calendars.address yield the primary address."
    ),
    "ErrorInvalidSmtpAddress": _calendar("this is not a valid mail address", "Check calendars.address."),
    "ErrorAccountDisabled": _calendar("the mailbox's account is disabled", "Enable it, or take the calendar out of the timetable."),
    "ErrorMailboxConfiguration": _calendar("the mailbox is not set up properly", "Ask the Exchange administrators to look at it."),
    "ErrorMissingInformationEmailAddress": _calendar(
        "the mailbox is not set up properly", "Ask the Exchange administrators to look at it."
    ),
    "ErrorFolderNotFound": _calendar("the mailbox has no calendar folder", "Open the mailbox's calendar once in Outlook."),
    "ErrorAccessDenied": _calendar("Exchange denies access", _ACCESS),
    "ErrorImpersonateUserDenied": _calendar("Exchange does not let the app act for this mailbox", _ACCESS),
    "ErrorImpersonationFailed": _calendar("Exchange could not act for this mailbox", _ACCESS),
    "ErrorQuotaExceeded": _calendar("the mailbox is full", "Make room in it, or raise its quota."),
    "ErrorCrossSiteRequest": _calendar("the mailbox lies on another site", "Check ews.endpoint and ews.anchor."),
    "ErrorMessagePerFolderCountReceiveQuotaExceeded": _calendar("the calendar is full", "Make room in it."),
    "ErrorQuotaExceededOnDelete": _calendar("the mailbox is full", "Make room in it, or raise its quota."),
    "ErrorInvalidMailbox": _calendar("there is no such mailbox", _NO_MAILBOX),
    "ErrorNameResolutionNoMailbox": _gone(),
    "ErrorUnifiedGroupMailboxNotFound": _gone("there is no such group mailbox"),
    "ErrorNoCalendar": _calendar("the mailbox has no calendar folder", "Open the mailbox's calendar once in Outlook."),
    "ErrorCalendarFolderIsInvalidForCalendarView": _calendar(
        "the mailbox has no calendar folder", "Open the mailbox's calendar once in Outlook."
    ),
    "ErrorInvalidLicense": _calendar("the mailbox has no licence that allows it", "Ask the Exchange administrators to look at it."),
    "ErrorInvalidSchemaVersionForMailboxVersion": _calendar("the mailbox's server is too old for ews.version", _VERSION),
    # A shorter view helps.
    "ErrorExceededFindCountLimit": Verdict(Kind.TOO_MANY, "there is more than Exchange lists at once"),
    "ErrorCalendarViewRangeTooBig": Verdict(Kind.TOO_MANY, "there is more than Exchange lists at once"),
    # Every calendar.
    "ErrorImpersonationDenied": Verdict(Kind.RUN, "Exchange does not let the app act for mailboxes", _ACCESS),
    "ErrorOrganizationAccessBlocked": Verdict(Kind.RUN, "Exchange blocks the whole organisation", "Ask Microsoft's support."),
    "ErrorInvalidServerVersion": Verdict(Kind.RUN, "Exchange does not know ews.version", _VERSION),
    "ErrorIncorrectSchemaVersion": Verdict(Kind.RUN, "Exchange does not know ews.version", _VERSION),
    "ErrorInvalidExchangeImpersonationHeaderData": Verdict(Kind.RUN, "Exchange could not read the request's headers", _VERSION),
}

_CLASSES: dict[Kind, type[BackendError]] = {
    Kind.ITEM: EventRejected,
    Kind.RUN: ServiceError,
    Kind.TOO_MANY: TooMany,
}

Scope = Literal["item", "event", "request"]


def judge(complaint: Complaint, where: str, *, writing: bool, scope: Scope) -> BackendError:
    """The error that ``complaint`` amounts to.

    ``where`` names the calendar; ``writing`` that the request was to change something; ``scope`` whether the complaint concerns one
    event or the whole request: a code that nobody knows is held against just that. It is "event" for a reading that others do not need.
    """
    verdict = VERDICTS.get(complaint.inner) or VERDICTS.get(complaint.code)
    if verdict is None:
        verdict = _item("Exchange refuses it") if scope != "request" else _calendar("Exchange refuses the request", _UNKNOWN)
        said = _said(complaint, words=True)
    else:
        said = _said(complaint, words=verdict.kind is Kind.ITEM)
    message = f"{where}: {verdict.sentence} ({said})"
    if verdict.kind is Kind.PASSES:
        outer = VERDICTS.get(complaint.code)
        both = (verdict,) if outer is None else (verdict, outer)
        busy = any(one.busy for one in both)
        if writing and any(one.maybe_done for one in both):
            yet = any(one.maybe_yet for one in both)
            return OutcomeUnknown(message, verdict.advice, wait=complaint.wait, busy=busy, unanswered=yet)
        return TransientError(message, verdict.advice, wait=complaint.wait, busy=busy)
    if verdict.kind is Kind.ITEM and not writing and scope != "event":
        # Nothing but a whole reading is of use, so what spoils one event's part spoils the calendar's.
        return CalendarError(message, verdict.advice)
    if verdict.kind is Kind.STALE:
        return ConflictError(message, verdict.advice or _NEXT, gone=verdict.sentence == _GONE)
    if verdict.kind is Kind.CALENDAR:
        return CalendarError(message, verdict.advice, gone=verdict.gone)
    return _CLASSES[verdict.kind](message, verdict.advice)


def _said(complaint: Complaint, *, words: bool) -> str:
    code = complaint.code if not complaint.inner or complaint.inner == complaint.code else f"{complaint.inner} in {complaint.code}"
    text = " ".join(complaint.text.split())[:200]
    return f"{code}: {text}" if words and text else code
