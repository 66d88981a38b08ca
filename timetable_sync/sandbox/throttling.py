"""Exchange's throttling: how many requests may be open at once, and how much of a server's time a mailbox may cost. Waits for nothing.

Off until it is asked for. Then a request takes ``request_ms`` and ``item_ms`` for each of its items, and is charged that much:

===============  ============================================================================================================
concurrent       open requests at most, 27 in Exchange Online; one more is refused with ErrorExceededConnectionCount, without a hint
whose            by which account they are counted: each "mailbox" that is worked on, as Exchange does where an application
                 impersonates it, or all of the "application" together, which is stricter
burst_ms         what a mailbox may cost at once (EWSMaxBurst)
recharge_ms      what it gets back in an hour (EWSRechargeRate), up to the burst
cutoff_ms        how far it may overdraw (EWSCutoffBalance). Past that, ErrorServerBusy with BackOffMilliseconds until nothing is
                 owed; it is looked at after each item, so that it may come in the midst of a batch
===============  ============================================================================================================

https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
https://learn.microsoft.com/archive/blogs/webdav_101/you-are-doing-too-much-at-one-time-ewsmaxconcurrency-too-many-concurrent-connections-opened
"""

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import Any

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.ews.responses import EwsError, SoapFault, value_xml

_HOUR_MS = 3_600_000.0
#: The defaults of a throttling policy: https://learn.microsoft.com/powershell/module/exchange/set-throttlingpolicy
_DEFAULTS: dict[str, Any] = {
    "concurrent": 27,
    "whose": "mailbox",
    "burst_ms": 300_000,
    "recharge_ms": 900_000,
    "cutoff_ms": 3_000_000,
    "request_ms": 50,
    "item_ms": 10,
}


@dataclass(slots=True)
class _Purse:
    """What is left to a mailbox, in milliseconds, when that was looked at, and whether it has to be made up for first."""

    left: float
    at: float
    shut: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may go on: it takes so many seconds, and items from ``first_refused`` on are answered with ``refusal``."""

    account: str
    seconds: float
    first_refused: int
    refusal: EwsError | None = None


class Budgets:
    """Every account's. Without a policy everything is let in, and costs nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._policy: dict[str, Any] | None = None
        self._purses: dict[str, _Purse] = {}
        self._open: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._peak = 0
        self._spent = 0.0

    def set(self, policy: dict[str, Any] | None) -> None:
        """From now on this policy, or none; full purses, and counted from zero. Raises ValueError for one that is none."""
        if policy is not None:
            if unknown := set(policy) - set(_DEFAULTS):
                raise ValueError(f"a policy has no {', '.join(sorted(unknown))}; it has {', '.join(_DEFAULTS)}")
            if policy.get("whose", "mailbox") not in ("mailbox", "application"):
                raise ValueError('whose is "mailbox" or "application"')
            policy = {**_DEFAULTS, **policy}
        self._policy = policy
        self._purses.clear()
        self._refused.clear()
        self._peak, self._spent = max(self._open.values(), default=0), 0.0

    def as_json(self) -> dict[str, Any]:
        """What came of it: refusals by code, the most that were open at once, and what all of it cost, in milliseconds."""
        return {"refused": dict(self._refused), "peak": self._peak, "spent_ms": self._spent}

    def admit(self, application: str, address: str, items: int) -> Admitted | None:
        """Let a request in; None where nothing is limited. Raises SoapFault. Whoever is let in has to leave."""
        if self._policy is None:
            return None
        policy = self._policy
        mailbox = address.lower()
        account = mailbox if policy["whose"] == "mailbox" else application
        if self._open[account] >= int(policy["concurrent"]):
            self._refused["ErrorExceededConnectionCount"] += 1
            raise SoapFault("ErrorExceededConnectionCount", "You have exceeded the available concurrent connections for your account.")
        purse = self._purse(mailbox, policy)
        if purse.shut:
            self._refused["ErrorServerBusy"] += 1
            raise SoapFault("ErrorServerBusy", xml=_until_nothing_is_owed(purse, policy))
        cost, allowed = float(policy["request_ms"]), 0
        while allowed < items and purse.left - cost > -float(policy["cutoff_ms"]):
            cost += float(policy["item_ms"])
            allowed += 1
        purse.left -= cost
        refusal = None
        if allowed < items:
            purse.shut = True
            self._refused["ErrorServerBusy"] += 1
            refusal = EwsError("ErrorServerBusy", xml=_until_nothing_is_owed(purse, policy))
        self._spent += cost
        self._open[account] += 1
        self._peak = max(self._peak, self._open[account])
        return Admitted(account, cost / 1000, allowed, refusal)

    def leave(self, admitted: Admitted) -> None:
        """It was answered, or its asker is gone."""
        self._open[admitted.account] -= 1

    def _purse(self, mailbox: str, policy: dict[str, Any]) -> _Purse:
        now, burst = self._clock.now(), float(policy["burst_ms"])
        purse = self._purses.setdefault(mailbox, _Purse(burst, now))
        purse.left = min(burst, purse.left + (now - purse.at) * 1000 * float(policy["recharge_ms"]) / _HOUR_MS)
        purse.at = now
        if purse.left <= -float(policy["cutoff_ms"]):
            purse.shut = True
        elif purse.left >= 0:
            purse.shut = False
        return purse


def _until_nothing_is_owed(purse: _Purse, policy: dict[str, Any]) -> str:
    owed = max(0.0, -purse.left)
    return value_xml("BackOffMilliseconds", str(ceil(owed * _HOUR_MS / float(policy["recharge_ms"])) + 1))
