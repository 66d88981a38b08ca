"""One case: a request of the night, a fault, once or for ever. It is tried on a scene, and what came of it is held against what has to."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.proof.faults.kinds import KINDS, NOTHING, Kind
from tests.proof.faults.scene import CHANGED, Scene
from tests.proof.figures import Amount, Finding, Tried, Wrong
from tests.sandbox_process import ready_app
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.reports.render import render
from timetable_sync.reports.summary import RunSummary

#: For faults that take as long as the product waits for an answer.
_BRIEFLY = RetryPolicy(attempts=3, silence=60.0)


@dataclass(frozen=True, order=True)
class Request:
    """One request of a night: the ``nth`` of its operation and mailbox.

    ``first`` is the very first one to Exchange, ``idle`` asks for a stamp that turns out not to be needed, ``after`` for how a body is
    shown that was put back: what comes of that makes no night worse.
    """

    operation: str
    mailbox: str
    nth: int
    first: bool = False
    idle: bool = False
    after: bool = False

    def __str__(self) -> str:
        return f"{self.operation} {self.nth} of {self.mailbox or 'Entra ID'}"


@dataclass(frozen=True)
class Case:
    """One or several faults of one night; ``ever`` says that each strikes from its request on for as long as it is asked."""

    strikes: tuple[tuple[Request, Kind], ...]
    ever: bool = False

    def __str__(self) -> str:
        """As :func:`named` reads it."""
        return f"{'for ever' if self.ever else 'once'}; {' + '.join(f'{request}: {kind.name}' for request, kind in self.strikes)}"


_STRIKE = re.compile(r"(\w+) (\d+) of ([^:]+): (.*)")


def named(name: str, requests: Sequence[Request], kinds: Sequence[Kind]) -> Case:
    """The case of this name. Raises ValueError where there is none."""
    often, _, rest = name.partition("; ")
    known = {kind.name: kind for kind in kinds}
    strikes = []
    for strike in rest.split(" + "):
        found = _STRIKE.fullmatch(strike)
        if found is None or often not in ("once", "for ever") or found[4] not in known:
            raise ValueError(f"no case is called {name!r}")
        asked = Request(found[1], "" if found[3] == "Entra ID" else found[3], int(found[2]))
        alike = (one for one in requests if (one.operation, one.mailbox, one.nth) == (asked.operation, asked.mailbox, asked.nth))
        strikes.append((next(alike, asked), known[found[4]]))
    return Case(tuple(strikes), often == "for ever")


def requests_of(scene: Scene) -> list[Request]:
    """The requests of the night that goes well, in its order."""
    scene.evening_again()
    summary = scene.night(loaded=scene.one_by_one)
    wrong = [*scene.broken(), *scene.converged()]
    if summary.exit_code or wrong:
        raise AssertionError(f"the night without a fault ended with {summary.exit_code}: {wrong}")
    scene.evening_again()
    scene.night(loaded=scene.one_by_one)
    seen: Counter[tuple[str, str]] = Counter()
    found: list[Request] = []
    for entry in scene.client.log():
        which = (str(entry["operation"]), str(entry["mailbox"]))
        seen[which] += 1
        first = which[0] != "token" and all(one.operation == "token" for one in found)
        idle, after = which[0] == "GetFolder" and which[1] in CHANGED, which[0] == "GetItem" and seen["UpdateItem", which[1]] > 0
        found.append(Request(*which, seen[which], first, idle, after))
    return found


def product(requests: Sequence[Request], kinds: Sequence[Kind] = KINDS) -> list[Case]:
    """Every request with every fault that can befall it, once and for ever."""
    return [
        Case(((request, kind),), ever)
        for kind in kinds
        for request in requests
        if request.operation in kind.befalls
        for ever in (False, True)
    ]


def pairs(requests: Sequence[Request], dice: random.Random, kinds: Sequence[Kind] = KINDS) -> Iterator[Case]:
    """Two faults in one night, by chance, for ever more; the second may befall what is asked only because of the first."""
    while True:
        strikes = []
        for _ in range(2):
            kind = dice.choice([kind for kind in kinds if not kind.waits])
            request = dice.choice([request for request in requests if request.operation in kind.befalls])
            strikes.append((replace(request, nth=request.nth + dice.choice((0, 0, 1, 2))), kind))
        yield Case(tuple(strikes), dice.random() < 0.25)


def chosen(requests: Sequence[Request], amount: Amount, dice: random.Random, two: int) -> Iterator[tuple[str, list[Case]]]:
    """What is tried, by what it is called: a share of all faults, and of ``two`` at a time."""
    everything = product(requests)
    yield "requests x faults, once and for ever", everything if amount.share >= 1 else dice.sample(everything, amount.of(len(everything)))
    both = pairs(requests, dice)
    yield "two faults in one night, at random", [next(both) for _ in range(amount.of(two))]


def tried(scene: Scene, case: Case) -> Tried:
    """The case, from the evening before to the clean night after it."""
    scene.evening_again()
    if scene.slow is not None:
        scene.client.set_fault(scene.slow)
    for request, kind in case.strikes:
        told = {"operation": request.operation, "mailbox": request.mailbox or "*", "nth": request.nth, "count": 0 if case.ever else 1}
        scene.client.set_fault({**kind.told(request.operation), **told})
    single = len(case.strikes) == 1
    waits = any(kind.waits for _, kind in case.strikes)
    loaded = scene.impatient if waits else scene.one_by_one if single else scene.loaded
    summary = scene.night(loaded=loaded, pace=_BRIEFLY if waits else None)
    struck = sum(int(fault["struck"]) for fault in scene.client.faults() if fault.get("what") != "latency")
    text = report_of(summary)
    wrong = scene.broken()
    said = _single(case, summary, text, struck) if single else _several(case, summary, struck)
    wrong += [Finding(Wrong.SAID, one) for one in (*said, *vague(summary))]
    if any(kind.fault["what"] == "revoked" for _, kind in case.strikes):
        ready_app(scene.client, scene.files)
    wrong += scene.converged()
    return Tried(str(case), str(summary.exit_code), tuple(wrong), text if wrong else "")


def report_of(summary: RunSummary) -> str:
    """What the report says beside the numbers and the changes."""
    text = render(summary, "text")
    begin = min((at for word in ("Needs you", "Worth knowing") if (at := text.find(word)) >= 0), default=len(text))
    ends = [at for word in ("\nRequests:", "\nEvery change") if (at := text.find(word, begin)) >= 0]
    return text[begin : min(ends, default=len(text))]


def vague(summary: RunSummary) -> list[str]:
    """What the report leaves open: failures without a reason, and reasons without advice."""
    troubles = [report.trouble for report in summary.calendars if report.trouble is not None]
    if summary.failure is not None:
        troubles.append(summary.failure)
    found = [f"no advice is given with: {trouble.message}" for trouble in troubles if not trouble.advice.strip()]
    if summary.exit_code and not troubles and not summary.cut_short:
        found.append(f"the night ended with {summary.exit_code}, and the report does not say why")
    if any(re.fullmatch(r"unexpected \w+", trouble.message) for trouble in troubles):
        found.append("something unforeseen")
    return found


def _single(case: Case, summary: RunSummary, text: str, struck: int) -> list[str]:
    ((request, kind),) = case.strikes
    expected = kind.expected(request.operation, ever=case.ever, first=request.first, idle=request.idle)
    if request.after:
        expected = NOTHING
    found = [] if struck else ["the fault did not strike"]
    if summary.exit_code != expected.code:
        found.append(f"the exit code is {summary.exit_code}, and not {expected.code}")
    said = " ".join(text.split())
    needs, _, knowing = said.partition("Worth knowing")
    if not re.search(expected.said, needs if expected.code else knowing):
        found.append(f"the report does not say {expected.said!r}: {said}")
    if not expected.code and needs.strip():
        found.append(f"the report says that somebody is needed: {needs}")
    return found


def _several(case: Case, summary: RunSummary, struck: int) -> list[str]:
    """Of several, any may win; the night is never worse than the worst, nor said to be well where one that lasts has struck."""
    codes = {0, 1} | {kind.lasts for _, kind in case.strikes if kind.lasts} | {kind.token[1] for _, kind in case.strikes if kind.token}
    if any(kind.fault["what"] in ("expired_token", "revoked") or kind.fault.get("status") == 401 for _, kind in case.strikes):
        codes.add(3)
    found = [] if summary.exit_code in codes else [f"the exit code is {summary.exit_code}"]
    if summary.exit_code and not struck:
        found.append("the night failed though no fault struck")
    return found
