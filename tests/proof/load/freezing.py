"""Sixty-four threads and a service that is always busy: as a real process, in real time. exchangelib's own pool froze here."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.proof.figures import Figure
from tests.proof.load.tenant import Tenant

WORKERS = 64

#: In all the forms that busy comes in. The seeds are the sandbox's: which request meets which is chance all the same.
_FORMS: tuple[dict[str, object], ...] = (
    {"what": "busy", "backoff_ms": 200},
    {"what": "fault", "code": "ErrorExceededConnectionCount"},
    {"what": "http", "status": 503, "retry_after": 1},
    {"what": "busy", "inside": True, "backoff_ms": 100},
)


def sixty_four_threads(tenant: Tenant, seconds: float, seed: int) -> Iterator[Figure]:
    """A third of the time nothing but busy, then three of four; then SIGTERM while all is busy again."""
    tenant.afresh()
    tenant.configure(WORKERS)
    client = tenant.sandbox.client
    _busy(tenant, 1.0, seed)
    with tenant.begin() as process:
        while not client.requests().get("FindItem", 0) + client.requests().get("GetFolder", 0):
            if process.poll() is not None:
                raise RuntimeError(f"it ended at once: {process.communicate()[0]}")
            time.sleep(0.05)
        began, threads, all_busy = time.monotonic(), 0, True
        asked, gaps = _asked(tenant), [0.0]
        since = began
        while (now := time.monotonic()) < began + seconds:
            if all_busy and now > began + seconds / 3:
                all_busy = False
                _busy(tenant, 0.75, seed)
            if (more := _asked(tenant)) > asked:
                asked, since = more, now
            gaps.append(now - since)
            threads = max(threads, _threads(process))
            time.sleep(0.1)
        busy_so_far, good = _answers(tenant)
        _busy(tenant, 1.0, seed)
        alive = process.poll() is None
        asked_to_end = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            said, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        took = time.monotonic() - asked_to_end
    yield Figure("64 threads, constant busy: seconds, threads", f"{seconds:.0f}, {threads}", alive and threads > WORKERS)
    yield Figure("  busy answers, good answers in between", f"{busy_so_far:,}, {good:,}", busy_so_far > 10 and good > 0)
    # A thread that was told to wait, again and again, waits for up to a minute; sixty-four of them are not silent for so long.
    yield Figure("  longest time without any request", f"{max(gaps):.1f} s", max(gaps) < 30)
    yield Figure("  SIGTERM to the end", f"{took:.1f} s", took < 5)
    yield Figure(
        "  exit code, on record", f"{process.returncode}, {tenant.record()}", process.returncode == 1 and tenant.record() == [(1, True)]
    )
    yield Figure("  no traceback", "none" if "Traceback" not in said else said[-300:], "Traceback" not in said)
    client.clear_faults()
    done = tenant.run()
    wrong = tenant.wrong()
    yield Figure("  the next night", f"exit code {done.returncode}, {len(wrong)} calendars wrong", done.returncode == 0 and not wrong)


def _busy(tenant: Tenant, share: float, seed: int) -> None:
    """From now on this share of all is busy, in one form or another."""
    client = tenant.sandbox.client
    client.clear_faults()
    each = 1 - (1 - share) ** (1 / len(_FORMS)) if share < 1 else 0.4
    # Who is busy is slow, too.
    client.set_fault({"what": "latency", "seconds": 0.3, "operation": "*", "count": 0})
    for at, form in enumerate(_FORMS):
        last = share == 1 and at == len(_FORMS) - 1
        client.set_fault({**form, "operation": "*", "count": 0, "probability": 1.0 if last else each, "seed": seed + at})


def _asked(tenant: Tenant) -> int:
    return sum(tenant.sandbox.client.requests().values())


def _answers(tenant: Tenant) -> tuple[int, int]:
    log = [entry for entry in tenant.sandbox.client.log() if "faults" in entry]
    busy = sum(set(entry["faults"]) != {"latency"} for entry in log)
    return busy, len(log) - busy


def _threads(process: "subprocess.Popen[str]") -> int:
    try:
        return len(list(Path(f"/proc/{process.pid}/task").iterdir()))
    except OSError:
        return 0
