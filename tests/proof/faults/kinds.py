"""The faults of services, by name: in the sandbox's words, and what has to come of each."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

READING: Final = ("GetFolder", "FindItem", "GetItem")
WRITING: Final = ("CreateItem", "UpdateItem", "DeleteItem")
EXCHANGE: Final = READING + WRITING
ANY: Final = ("token", *EXCHANGE)


@dataclass(frozen=True)
class Expected:
    """What has to come of a night: its exit code, and what stands in its report (a regular expression; empty for nothing)."""

    code: int
    said: str


#: What comes of a fault of what may as well not be answered.
NOTHING: Final = Expected(0, "")


@dataclass(frozen=True)
class Kind:
    """One fault.

    ``fault`` is what the sandbox is told, ``said`` how the report names it. ``lasts`` says that it lasts however often it comes, and with
    which exit code the night ends by it; else it passes, and only what stays for ever fails. ``done`` says that a write was carried out
    all the same: then it turns out to be done. ``token`` is what Entra ID's fault is called, and its exit code if it lasts; a fault
    without it does not befall the token. ``other`` are operations for which all is otherwise, once and for ever.
    ``waits`` says that it takes as long as the product waits for an answer. ``same`` that it is the answer to another request of the
    same operation.
    """

    name: str
    fault: dict[str, Any]
    said: str
    operations: tuple[str, ...] = EXCHANGE
    lasts: int | None = None
    done: bool = False
    token: tuple[str, int | None] | None = None
    other: dict[str, tuple[Expected, Expected]] = field(default_factory=dict)
    waits: bool = False
    same: bool = False

    @property
    def befalls(self) -> tuple[str, ...]:
        """The operations that it is tried on."""
        return (*(("token",) if self.token is not None else ()), *self.operations)

    def told(self, operation: str) -> dict[str, Any]:
        """For the sandbox."""
        return {**self.fault, "of": operation} if self.same else dict(self.fault)

    def expected(self, operation: str, *, ever: bool, first: bool, idle: bool = False) -> Expected:
        """What has to come of it, once or for ever.

        ``first`` is the very first request to Exchange, which may not be one at all; after an ``idle`` one nothing more of the kind
        is asked.
        """
        if first and "first" in self.other:
            operation = "first"
        if idle and "idle" in self.other:
            operation = "idle"
        if operation in self.other:
            return self.other[operation][ever]
        if operation == "token" and self.token is not None:
            said, lasts = self.token
            if self.token is _NOT_ENTRA and not ever:
                # It is asked for once more before it is believed.
                return Expected(0, said.removeprefix("the run .*"))
            return Expected(lasts if lasts is not None else int(ever), said)
        if self.lasts is not None:
            # What refuses a calendar's stamp may still let it be read, and reading finds out.
            return Expected(0, "") if operation == "GetFolder" and self.lasts == 1 and not self.ends else Expected(self.lasts, self.said)
        if operation == "GetFolder" or (self.done and operation in WRITING):
            return Expected(0, self.said)
        return Expected(int(ever), self.said)

    @property
    def ends(self) -> bool:
        """Whether it ends the whole run."""
        return self.lasts == 3 or "the run" in self.said


def _both(code: int, said: str) -> tuple[Expected, Expected]:
    return Expected(code, said), Expected(code, said)


def _http(status: int, name: str, *, when: str = "before", **more: Any) -> Kind:
    said, token = rf"Exchange failed to answer \(HTTP {status}\)", (rf"Entra ID cannot give a token just now \(HTTP {status}", None)
    return Kind(name, {"what": "http", "status": status, "when": when, **more}, said, token=token, done=when == "after")


def _refused_token(name: str, fault: dict[str, Any], token: tuple[str, int | None] | None = None) -> Kind:
    """A 401 once is got over by a new token, and nothing to speak of."""
    first = Expected(0, ""), Expected(3, r"the run .* refuses the token, and a new one too \(HTTP 401")
    later = Expected(0, ""), Expected(1, r"Exchange refuses the token for this mailbox \(HTTP 401")
    stamp = Expected(0, ""), Expected(0, "")
    other = {"first": first, **dict.fromkeys(EXCHANGE, later), "GetFolder": stamp}
    return Kind(name, fault, "", token=token, other=other)


_NOT_ENTRA: Final = (r"the run .*answered HTTP \d+.* and not as Entra ID does", 3)
_UNUSABLE: Final = "Exchange's answer cannot be used"
_ANOTHERS: Final = "an answer came that Exchange gave to another request"
_BROKE: Final = "the connection to Exchange broke off"
_SILENT: Final = "Exchange did not answer within 1 seconds"
_NO_TOKEN: Final = (r"cannot be reached for a token", None)
_NOT_EWS: Final = _both(1, r"the run .* is not Exchange Web Services: it answers with text/html")


def _code(code: str, said: str, *, lasts: int | None = None, **more: Any) -> list[Kind]:
    """A code as it comes for a whole request, for every item, and for one."""
    after = more.get("when") == "after"
    words, operations = " after the work" if after else "", WRITING if after else EXCHANGE
    said = rf"{said} \({code}"
    return [
        Kind(f"{code} for the request{words}", {"what": "fault", "code": code, **more}, said, operations, lasts, after),
        Kind(f"{code} for each item{words}", {"what": "item_error", "code": code, **more}, said, operations, lasts, after),
        Kind(f"{code} for one item{words}", {"what": "item_error", "code": code, "items": [0], **more}, said, WRITING, lasts, after),
    ]


def _of_one_event(code: str, said: str) -> list[Kind]:
    """A code that lasts, and concerns one event. A body that cannot be had for it counts as edited, and is put back."""
    found = _code(code, said, lasts=1)
    return [
        replace(kind, other={"GetItem": (NOTHING, NOTHING)})
        if kind.fault.get("items") is None and kind.fault["what"] == "item_error"
        else kind
        for kind in found
    ]


def _stale(code: str, said: str) -> list[Kind]:
    """A code that says: read again. What was to be written is, and of one that is not to be read nothing is known any more."""
    found = []
    for kind in _code(code, said):
        once = Expected(0, ""), Expected(1, kind.said)
        other = dict.fromkeys(WRITING, once) | {"FindItem": _both(1, kind.said), "GetFolder": _both(0, "")}
        other["GetItem"] = _both(1, kind.said) if "request" in kind.name else _both(0, "")
        found.append(Kind(kind.name, kind.fault, kind.said, kind.operations, other=other))
    return found


KINDS: Final[list[Kind]] = [
    Kind("busy, with a time to wait", {"what": "busy", "backoff_ms": 90_000}, r"Exchange is busy \(ErrorServerBusy\)"),
    Kind("busy within a 200", {"what": "busy", "inside": True, "backoff_ms": 90_000}, r"Exchange is busy \(ErrorServerBusy\)"),
    Kind(
        "busy, said after the work",
        {"what": "busy", "when": "after", "backoff_ms": 90_000},
        r"Exchange is busy \(ErrorServerBusy\)",
        WRITING,
        # Changing and deleting may be said again without harm, and is.
        other={"CreateItem": _both(0, r"Exchange is busy \(ErrorServerBusy\)")},
    ),
    _refused_token("401", {"what": "http", "status": 401}, _NOT_ENTRA),
    _refused_token("expired token", {"what": "expired_token"}),
    Kind("certificate revoked", {"what": "revoked"}, "the run .*AADSTS700027", lasts=3, token=("the run .*AADSTS700027", 3)),
    Kind("403", {"what": "http", "status": 403}, r"the run .* forbids the app to use EWS \(HTTP 403\)", lasts=1, token=_NOT_ENTRA),
    Kind(
        "404",
        {"what": "http", "status": 404},
        r"Exchange does not find its way to this mailbox \(HTTP 404\)",
        lasts=1,
        token=_NOT_ENTRA,
        other={"first": _both(1, r"the run .*there is no Exchange Web Services at .* \(HTTP 404\)")},
    ),
    Kind(
        "429 with Retry-After",
        {"what": "http", "status": 429, "retry_after": 120},
        r"Exchange asks for fewer requests \(HTTP 429\)",
        token=(r"Entra ID cannot give a token just now \(HTTP 429", None),
        other={"GetFolder": (Expected(0, "HTTP 429"), Expected(1, r"cut short: .*HTTP 429")), "idle": _both(0, "HTTP 429")},
    ),
    Kind(
        "429 without",
        {"what": "http", "status": 429},
        r"Exchange asks for fewer requests \(HTTP 429\)",
        token=(r"Entra ID cannot give a token just now \(HTTP 429", None),
        other={"GetFolder": (Expected(0, "HTTP 429"), Expected(1, r"the run .*HTTP 429")), "idle": _both(0, "HTTP 429")},
    ),
    _http(500, "500 with HTML"),
    _http(500, "500 with HTML, after the work", when="after"),
    _http(502, "502"),
    _http(502, "502 after the work", when="after"),
    _http(503, "503"),
    _http(503, "503 with Retry-After", retry_after=120),
    _http(503, "503 after the work", when="after"),
    _http(503, "503 with Retry-After, after the work", when="after", retry_after=120),
    _http(504, "504 after the work", when="after"),
    Kind(
        "200 with a sign-in page",
        {"what": "http", "status": 200},
        r"Exchange failed to answer \(HTTP 200\)",
        token=_NOT_ENTRA,
        other={"first": _NOT_EWS},
    ),
    Kind("200 with nothing", {"what": "http", "status": 200, "body": ""}, r"Exchange failed to answer \(HTTP 200\)", token=_NOT_ENTRA),
    Kind("reset before the work", {"what": "drop", "when": "before"}, _BROKE, token=_NO_TOKEN),
    Kind("reset during the answer", {"what": "drop", "when": "during"}, _BROKE, token=_NO_TOKEN, done=True),
    Kind("reset after the work", {"what": "drop", "when": "after"}, _BROKE, token=_NO_TOKEN, done=True),
    *[
        Kind(
            f"{name}, and the work is done half a minute later",
            # When the product's clock says so: see haste.
            {**fault, "when": "later"},
            said,
            WRITING,
            done=True,
        )
        for name, fault, said in (
            ("reset", {"what": "drop"}, _BROKE),
            ("504", {"what": "http", "status": 504}, r"Exchange failed to answer \(HTTP 504\)"),
        )
    ],
    Kind("malformed XML", {"what": "malformed"}, f"{_UNUSABLE}: it is not XML, or was cut off", token=_NOT_ENTRA, done=True),
    Kind("truncated XML", {"what": "truncated"}, f"{_UNUSABLE}: it is not XML, or was cut off", token=_NOT_ENTRA, done=True),
    Kind("another request's answer", {"what": "other_answer"}, _ANOTHERS, token=_NOT_ENTRA),
    Kind("another request's answer, after the work", {"what": "other_answer", "when": "after"}, _ANOTHERS, done=True),
    Kind("another calendar's answer", {"what": "other_answer"}, _ANOTHERS, same=True),
    Kind("another calendar's answer, after the work", {"what": "other_answer", "when": "after"}, _ANOTHERS, done=True, same=True),
    Kind("an item missing in the answer", {"what": "missing_items", "items": [0]}, _UNUSABLE, done=True),
    # No shorter: so many events of COMP101 lie in the very same hour, which no further question could part.
    Kind("short pages", {"what": "short_pages", "most": 3}, "", ("FindItem",), other={"FindItem": _both(0, ""), "first": _both(0, "")}),
    Kind("a slow drip", {"what": "slow", "seconds": 0.3, "pieces": 20}, "", lasts=0, token=("", 0)),
    Kind(
        "a drip without end",
        {"what": "slow"},
        _SILENT,
        token=("did not answer within 1 seconds", None),
        done=True,
        waits=True,
    ),
    Kind("no answer", {"what": "silence"}, _SILENT, token=("did not answer within 1 seconds", None), waits=True),
    Kind(
        "no answer, after the work",
        {"what": "silence", "when": "after"},
        _SILENT,
        token=("did not answer within 1 seconds", None),
        done=True,
        waits=True,
    ),
    *_code("ErrorInternalServerError", "Exchange stumbled"),
    *_code("ErrorInternalServerError", "Exchange stumbled", when="after"),
    *_code("ErrorTimeoutExpired", "Exchange ran out of time", when="after"),
    *_code("ErrorMailboxMoveInProgress", "the mailbox is being moved"),
    *_code("ErrorMailboxStoreUnavailable", "the mailbox's database is not available just now"),
    *_code("ErrorQuotaExceeded", "the mailbox is full", lasts=1),
    *_code("ErrorAccessDenied", "Exchange denies access", lasts=1),
    *_code("ErrorNonExistentMailbox", "there is no such mailbox", lasts=1),
    *_of_one_event("ErrorItemSave", "Exchange could not save the event"),
    *_of_one_event("ErrorSomethingNew", "Exchange refuses (it|the request)"),
    *_stale("ErrorItemNotFound", "the event is gone"),
    *_stale("ErrorIrresolvableConflict", "the event is not what it was when it was read"),
    Kind(
        "ErrorImpersonationDenied",
        {"what": "fault", "code": "ErrorImpersonationDenied"},
        r"the run .*Exchange does not let the app act for mailboxes \(ErrorImpersonationDenied",
        lasts=1,
    ),
    Kind(
        "ErrorExceededConnectionCount",
        {"what": "fault", "code": "ErrorExceededConnectionCount"},
        r"too many connections to Exchange are open \(ErrorExceededConnectionCount",
    ),
]
