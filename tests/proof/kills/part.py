"""At each request, at each commit, and at random: three hundred nights are killed, and the night after each has to put it right."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.databases import POSTGRESQL, database_of_our_own
from tests.proof.figures import Amount, Figure, Finding, Part, Say, Tried, Wrong, harm_figures
from tests.proof.kills.ground import Ground, ground
from tests.proof.kills.killing import (
    Kill,
    Suffered,
    at_commit,
    at_random,
    at_request,
    at_request_of_the_program,
    suffer,
    suffer_by_daemon,
    suffer_elsewhere,
)
from tests.proof.kills.relay import Moment, Order

#: What is promised.
KILLS = 300

#: What is looked at after each.
LOOKED_FOR = (
    Wrong.DUPLICATE,
    Wrong.WRONG_DELETE,
    Wrong.FOREIGN_CHANGED,
    Wrong.MADE_ANEW,
    Wrong.MAIL,
    Wrong.NOT_CONVERGED,
    Wrong.TWO_AT_ONCE,
    Wrong.RECORD,
    Wrong.SAID,
    Wrong.NOT_TRIED,
)

ELSEWHERE = "on a host that is gone"


@dataclass
class Tally:
    """What was found: kills by kind, each night with the places it was struck at, and what was wrong."""

    kills: Counter[str] = field(default_factory=Counter)
    tried: list[Tried] = field(default_factory=list)
    waited: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, suffered: Suffered) -> None:
        """One more."""
        self.kills[kind] += len(suffered.struck)
        self.waited[kind] = max(self.waited.get(kind, 0.0), suffered.waited)
        name = f"{len(self.tried) + 1}. {kind}: {' and '.join(suffered.struck) or 'not struck'}"
        self.tried.append(Tried(name, f"{len(suffered.struck)} kills", tuple(suffered.wrong)))

    def broke(self, kind: str, error: Exception) -> None:
        """One more, of which nothing came."""
        finding = Finding(Wrong.NOT_TRIED, f"{type(error).__name__}: {error}")
        self.tried.append(Tried(f"{len(self.tried) + 1}. {kind}", "nothing", (finding,)))

    @property
    def many(self) -> int:
        """All kills."""
        return sum(self.kills.values())

    @property
    def wrong(self) -> list[str]:
        """All that was wrong, in words."""
        return [f"{one.name}: {finding}" for one in self.tried for finding in one.found]


@dataclass(frozen=True, slots=True)
class Length:
    """How many requests a night makes, how many commits, and how many seconds it takes."""

    requests: int
    commits: int
    seconds: float


def length(made: Ground, *, first: bool) -> Length:
    """By a night that is left in peace."""
    made.begin_again(first=first)
    order = Order(0, Moment.AFTER, lambda: None)
    made.relay.arm(order)
    counted = made.folder / "counted"
    began = time.monotonic()
    running = made.launcher.begin(["run"], commit=0, moment="", counted=str(counted))
    if (ended := made.launcher.wait(running)) is None:
        raise RuntimeError("the night does not end")
    made.done(ended, 0)
    seconds = time.monotonic() - began
    if wrong := made.wrong_in_the_end():
        raise RuntimeError(f"even a night that is left in peace goes wrong: {wrong}")
    return Length(order.seen, int(counted.read_text()), seconds)


Job = tuple[str, Callable[[Ground], Suffered]]


def _once(kind: str, kill: Kill, *, first: bool) -> Job:
    return kind, lambda made: suffer(made, [kill], first=first)


def jobs(made: Ground, chance: random.Random, *, on: str, requests: bool) -> list[Job]:
    """Each request in each moment, if wanted, and each commit before and after, of a very first night and of one with all sorts to do."""
    found: list[Job] = []
    for first in (False, True):
        long, night = length(made, first=first), "first night" if first else "night"
        # A first night's requests are all alike: what matters there is whether the work was done.
        moments = (Moment.AFTER, Moment.DURING) if first else tuple(Moment)
        if requests:
            found += [
                _once(f"at a request, {night}", at_request(nth, moment), first=first)
                for nth in range(1, long.requests + 1)
                for moment in moments
            ]
        found += [
            _once(f"at a commit to {on}, {night}", at_commit(nth, moment), first=first)
            for nth in range(1, long.commits + 1)
            for moment in ("before", "after")
        ]
    return chance.sample(found, len(found))


def at_any_moment(chance: random.Random, seconds: float) -> Job:
    """Once, twice or three times in a row."""
    kills = [at_random(chance.uniform(0, seconds)) for _ in range(chance.choice((1, 1, 2, 3)))]
    return "at a random moment", lambda made: suffer(made, kills, first=False)


def special(chance: random.Random, many: int) -> list[Job]:
    """The program as it is typed, the daemon and its nights, and one killed together with its host."""

    def daemon(nth: int, moment: Moment, *, whole: bool) -> Callable[[Ground], Suffered]:
        return lambda made: suffer_by_daemon(made, nth, moment, whole=whole)

    found: list[Job] = []
    for at in range(many):
        nth, moment = chance.randint(2, 18), chance.choice(list(Moment))
        found.append(_once("the program as it is typed", at_request_of_the_program(nth, moment), first=False))
        found.append(("the daemon" if at % 2 else "the daemon's night", daemon(nth, moment, whole=bool(at % 2))))
    return [*found, (ELSEWHERE, lambda made: suffer_elsewhere(made, chance))]


def carry_out(made: Ground, todo: Sequence[Job], tally: Tally, say: Say) -> None:
    """All of them; what breaks is wrong too, and stops nothing."""
    for at, (kind, job) in enumerate(todo, 1):
        known = len(tally.wrong)
        try:
            tally.add(kind, job(made))
        except (RuntimeError, ValueError, LookupError, OSError) as error:
            tally.broke(kind, error)
        for one in tally.wrong[known:]:
            say(f"wrong: {one}")
        if at % 25 == 0 or at == len(todo):
            say(f"{at} of {len(todo)} nights, {tally.many} kills, {len(tally.wrong)} wrong")


def prove(amount: Amount, say: Say) -> Iterable[Figure | Tried]:
    """The kills, and what came of them."""
    chance, tally = random.Random(amount.seed), Tally()  # noqa: S311 - chance for tests, no secret
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="kills-")))
        (folder / "sqlite").mkdir()
        (folder / "postgresql").mkdir()
        with ground(folder / "sqlite") as made:
            say("on SQLite")
            seconds = length(made, first=False).seconds
            all_of_them = jobs(made, chance, on="SQLite", requests=True)
            carry_out(made, all_of_them[: amount.of(len(all_of_them))], tally, say)
            say("the program, the daemon, another host")
            carry_out(made, special(chance, amount.of(6)), tally, say)
        try:
            server = stack.enter_context(database_of_our_own(POSTGRESQL))
        except pytest.skip.Exception as skipped:
            yield Figure("state in PostgreSQL", f"not tried: {skipped}", False)
        else:
            with ground(folder / "postgresql", server=server) as made:
                say("on PostgreSQL")
                all_of_them = jobs(made, chance, on="PostgreSQL", requests=False)
                carry_out(made, all_of_them[: amount.of(len(all_of_them))], tally, say)
        with ground(folder / "sqlite") as made:
            say("at random moments")
            carry_out(made, [at_any_moment(chance, seconds) for _ in range(amount.of(20))], tally, say)
            while tally.many < amount.of(KILLS) and not tally.wrong:
                carry_out(made, [at_any_moment(chance, seconds)], tally, lambda _: None)
    yield from tally.tried
    yield from figures(tally, amount.of(KILLS))


def figures(tally: Tally, least: int) -> Iterable[Figure]:
    """What was found, in words."""
    yield Figure("kills -9", f"{tally.many}", tally.many >= least)
    for kind, many in sorted(tally.kills.items()):
        yield Figure(f"  {kind}", str(many), True)
    yield from harm_figures("kills", tally.tried, LOOKED_FOR)
    gone = tally.waited.pop(ELSEWHERE, None)
    yield Figure("longest night after a kill, start-up and all", f"{max(tally.waited.values(), default=0):.1f} s", True)
    if gone is not None:
        yield Figure("the same where the lease of 4 s had to run out", f"{gone:.1f} s", True)


PART = Part("kills", f"{KILLS} nights killed at requests, at commits and at random, each followed by a night in peace", prove)
