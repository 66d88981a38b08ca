"""Faults on demand: which of them a request meets. Causes none itself; the server does, as the fault says.

A fault is a JSON object: ``what`` and its details, and when: ``operation`` and ``mailbox`` (globs), ``nth`` (the match from
which on it strikes, from 1), ``count`` (how often; 0 is for ever), ``probability`` with its ``seed``.

==============  ==========================================================================================================
what            details
==============  ==========================================================================================================
latency         ``seconds`` before anything is done
busy            ErrorServerBusy with ``backoff_ms``; ``inside`` a 200, else as HTTP 500; ``when`` before or after the work
http            ``status`` (with ``retry_after`` seconds, or a date where ``retry_after_date``), ``when`` before, after, or later: the work
                is done ``seconds`` after that answer, or when the control API is told to "catch-up"; without seconds by that alone
drop            the connection is dropped ``when``: before, during (the answer is cut short), after the work, or later: as with http
malformed       the answer is no XML
truncated       the answer ends in its midst, though HTTP says that it is whole
other_answer    the answer that was given to another request, ``when`` before (this one is not carried out) or after the work: the
                latest one, or the latest to operation ``of``; headers and all. Where none was given yet, an empty listing
silence         no answer: the connection stands silent for ``seconds``, then drops; ``when`` before or after the work. Without seconds
                until whoever asked has gone, or the control API is told to "let-go"
slow            the answer drips in over ``seconds``, in ``pieces``; without seconds it never ends, until the same
item_error      ``code`` for the items numbered in ``items`` (from 0; left out: every one), with ``backoff_ms`` if given; ``when`` after:
                they were created, changed or deleted all the same
fault           the whole request is answered with the SOAP fault ``code``, with ``backoff_ms`` if given; ``when`` before or after the work
missing_items   no answer for the items numbered in ``items``
short_pages     FindItem hands out at most ``most`` items, and says that there are more
expired_token   401, as for a token that expired
revoked         from now on every application's keys are gone, and the tokens that were got by them are refused
==============  ==========================================================================================================

``operation`` "token" is the token endpoint and "graph" Microsoft Graph, which know latency, http, drop, malformed, truncated, other_answer,
silence, slow and revoked. ``*`` is every operation but these.
"""

import fnmatch
import random
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "latency",
    "busy",
    "http",
    "drop",
    "malformed",
    "truncated",
    "other_answer",
    "silence",
    "slow",
    "item_error",
    "fault",
    "missing_items",
    "short_pages",
    "expired_token",
    "revoked",
)
#: Other services than Exchange, which ``*`` does not mean.
_APART = ("token", "graph")
_MOMENTS = ("before", "during", "after", "later")
_LATER = ("http", "drop")
_DETAILS = (
    "what operation mailbox nth count probability seed seconds backoff_ms inside when status retry_after retry_after_date code items "
    "sentence body most of pieces"
)
_KNOWN = frozenset(_DETAILS.split())


@dataclass(slots=True)
class Fault:
    """One fault and how often it was met."""

    id: int
    details: dict[str, Any]
    seen: int = 0
    struck: int = 0
    dice: random.Random = field(default_factory=random.Random)

    @property
    def what(self) -> str:
        """Its kind."""
        return str(self.details["what"])

    @property
    def when(self) -> str:
        """Before, during or after the work."""
        return str(self.details.get("when", "before"))

    def get(self, name: str, default: Any = None) -> Any:
        """A detail."""
        return self.details.get(name, default)

    def strikes(self, operation: str, address: str) -> bool:
        """Whether a request meets it; counts the request."""
        wanted = str(self.details.get("operation", "*"))
        if (operation if operation in _APART else "") != (wanted if wanted in _APART else "") or not fnmatch.fnmatchcase(operation, wanted):
            return False
        if not fnmatch.fnmatchcase(address.lower(), str(self.details.get("mailbox", "*")).lower()):
            return False
        self.seen += 1
        if self.seen < int(self.details.get("nth", 1)):
            return False
        count = int(self.details.get("count", 1))
        if count and self.struck >= count:
            return False
        if self.dice.random() >= float(self.details.get("probability", 1.0)):
            return False
        self.struck += 1
        return True


class Faults:
    """All faults that are set."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = 0

    def set(self, details: dict[str, Any]) -> int:
        """Set a fault; its number. Raises ValueError for one that is none."""
        if details.get("what") not in KINDS:
            raise ValueError(f"a fault's what is one of {', '.join(KINDS)}, not {details.get('what')!r}")
        if unknown := set(details) - _KNOWN:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        if details.get("when", "before") not in _MOMENTS:
            raise ValueError(f"a fault's when is one of {', '.join(_MOMENTS)}")
        if details.get("when") == "later" and (details["what"] not in _LATER or details.get("operation") in _APART):
            raise ValueError(f"only Exchange works later, and only after the faults {', '.join(_LATER)}")
        self._numbers += 1
        # A dice for tests, not for secrets: the seed makes it fall the same way every time.
        dice = random.Random(details.get("seed", 0))  # noqa: S311
        self._faults.append(Fault(self._numbers, dict(details), dice=dice))
        return self._numbers

    def clear(self) -> None:
        """Set none any more."""
        self._faults.clear()

    def met_by(self, operation: str, address: str) -> list[Fault]:
        """The faults that this request meets, in the order they were set."""
        if not self._faults:
            return []
        return [fault for fault in self._faults if fault.strikes(operation, address)]

    def as_json(self) -> list[dict[str, Any]]:
        """All of them with how often they were seen and struck."""
        return [{**fault.details, "id": fault.id, "seen": fault.seen, "struck": fault.struck} for fault in self._faults]
