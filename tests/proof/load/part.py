"""Eight, thirty-two and sixty-four workers within Exchange's budgets; ten thousand busy answers; busy for an hour; the pool that froze."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proof.figures import Amount, Figure, Part, Say
from tests.proof.load.budget import nights
from tests.proof.load.busy import for_an_hour, for_an_hour_of_three, ten_thousand
from tests.proof.load.freezing import sixty_four_threads
from tests.proof.load.tenant import Tenant
from tests.sandbox_process import SandboxProcess

CALENDARS = 200
BUSY = 10_000
SECONDS = 60


@contextmanager
def tenant_of(many: int, *, lessons: int = 3, large: int = 0) -> Iterator[Tenant]:
    """A sandbox and a tenant in it."""
    with TemporaryDirectory(prefix="load-") as folder, SandboxProcess() as sandbox:
        yield Tenant(Path(folder), sandbox, many, lessons=lessons, large=large)


def prove(amount: Amount, say: Say) -> Iterable[Figure]:
    """All of it."""
    with tenant_of(amount.of(CALENDARS, 32), large=2) as tenant:
        for workers in (8, 32, 64):
            say(f"{workers} workers")
            yield from nights(tenant, workers, 1000)
    with tenant_of(70, lessons=1) as tenant:
        say("busy answers in a row")
        yield from ten_thousand(tenant, amount.of(BUSY, 100), 64, say)
        say("busy for an hour")
        yield from for_an_hour(tenant, 8, hint=True)
        yield from for_an_hour(tenant, 8, hint=False)
        yield from for_an_hour_of_three(tenant, 8)
    with tenant_of(200, lessons=1) as tenant:
        say("the pool that froze")
        yield from sixty_four_threads(tenant, amount.of(SECONDS, 6), amount.seed)


PART = Part("load", "8, 32 and 64 workers within Exchange's budgets; 10,000 busy answers; busy for an hour; the pool that froze", prove)
