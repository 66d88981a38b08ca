"""Nights of many workers within Exchange's budgets: so many requests at once, so much of a server's time for each mailbox."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.proof.figures import Figure
from tests.proof.load.tenant import Tenant

CONCURRENT = 27


def policy(request_ms: int) -> dict[str, Any]:
    """Stricter than Exchange: all mailboxes together have the 27, and one with many events has to pause after some batches."""
    return {
        "concurrent": CONCURRENT,
        "whose": "application",
        "request_ms": request_ms,
        "item_ms": request_ms / 20,
        "burst_ms": 2 * request_ms,
        "cutoff_ms": 2 * request_ms,
        # In a second, half a second: a mailbox may keep half a server busy.
        "recharge_ms": 1_800_000,
    }


def nights(tenant: Tenant, workers: int, request_ms: int, least: float = 0.4) -> Iterator[Figure]:
    """A very first night of so many workers. Near the budget is at ``least`` this share of what the limits let through.

    It cannot be all: a night begins with few requests at once, and everything is read before the first is written.
    """
    client = tenant.sandbox.client
    tenant.afresh()
    tenant.configure(workers)
    client.set_budgets(policy(request_ms))
    done = tenant.run()
    named = f"{workers} workers: "
    yield Figure(f"{named}exit code", str(done.returncode), done.returncode == 0)
    if done.returncode not in (0, 1):
        yield Figure(f"{named}what it said", done.stdout[-500:], False)
        return
    report, found = tenant.report(), client.budgets()
    failed = [calendar["name"] for calendar in report["calendars"] if calendar["status"] not in ("changed", "unchanged")]
    yield Figure(f"{named}calendars that failed", f"{len(failed)} of {len(tenant.modules)}", not failed)
    yield Figure(f"{named}calendars that are not right", str(len(tenant.wrong())), not tenant.wrong())
    took = (datetime.fromisoformat(report["finished"]) - datetime.fromisoformat(report["started"])).total_seconds()
    limit = found["spent_ms"] / 1000 / min(workers, CONCURRENT)
    yield Figure(
        f"{named}time, and the least that the limits allow", f"{took:.1f} s, {limit:.1f} s: {limit / took:.0%}", limit / took >= least
    )
    refused = ", ".join(f"{many} {code}" for code, many in sorted(found["refused"].items())) or "none"
    yield Figure(f"{named}most at once, and refusals", f"{found['peak']}, {refused}", found["peak"] <= CONCURRENT)
