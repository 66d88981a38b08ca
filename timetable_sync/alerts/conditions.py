"""What there is to tell of one run, from its record alone; and of what its end can be told. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import Held
from timetable_sync.planning.guards import RELEASABLE
from timetable_sync.planning.selection import matches
from timetable_sync.reports.commands import look, mend, release
from timetable_sync.reports.formatting import counted
from timetable_sync.reports.quoting import command
from timetable_sync.reports.summary import RunSummary
from timetable_sync.state.run_records import NIGHT, CalendarRecord, Matter, RunRecord

FAILED: Final = "failed"
HELD: Final = "held"
CERTIFICATE: Final = "certificate"
ROWS: Final = "rows"

KILLED: Final = "killed"
CUT_SHORT: Final = "cut short"
UNREADABLE: Final = "unreadable"

#: The certificate is spoken of when so many days are left, the nearest stage last.
STAGES: Final = (30, 7)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that needs a person. ``address`` is empty where it concerns the whole run."""

    kind: str
    address: str
    detail: str
    name: str
    sentence: str
    advice: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same from night to night."""
        return (self.kind, self.address, self.detail)


def of_run(run: RunRecord, calendars: Sequence[CalendarRecord], verdicts: Iterable[Held], now: datetime) -> list[Condition]:
    """What a run found to be wrong. ``now`` (aware) is when the certificate is judged."""
    if run.kind != NIGHT:
        return []
    found = []
    if run.finished is None or run.exit_code is None:
        began = f"{run.started.astimezone(UTC):%d %b %Y, %H:%M} UTC"
        sentence = f"run {run.id}, begun {began}, never came to its end: it was killed, or the machine {run.host} went down"
        found.append(Condition(FAILED, "", KILLED, "", sentence, f"The next run does what is left. See: {command('history')}"))
    elif run.failure:
        found.append(Condition(FAILED, "", str(run.exit_code), "", run.failure, str(run.summary.get("advice", ""))))
    if cut := run.summary.get("cut_short"):
        found.append(Condition(FAILED, "", CUT_SHORT, "", f"the run was cut short: {cut}", "The next run does what is left."))
    standing = [verdict for verdict in verdicts if not verdict.forced]
    found += [_held(verdict, standing) for verdict in standing]
    for record in calendars:
        calendar = record.calendar
        if record.status == "failed":
            found.append(Condition(FAILED, calendar.address, "", calendar.name, record.message or "failed", record.advice))
        elif record.status != "cut short" and record.message:
            found.append(Condition(FAILED, calendar.address, UNREADABLE, calendar.name, record.message, record.advice))
    if rows := int(run.counts.get("bad_rows", 0)):
        reasons = ", ".join(f"{many} {reason}" for reason, many in run.summary.get("bad_rows", {}).items())
        found.append(Condition(ROWS, "", "", "", f"{counted(rows, 'row', 'was')} set aside ({reasons})", command("history", str(run.id))))
    if ends := run.summary.get("certificate_ends"):
        found += certificate(datetime.fromisoformat(str(ends)), now)
    return found


def of_summary(summary: RunSummary, now: datetime) -> list[Condition]:
    """What a run found that has no record, as it failed before it could begin one."""
    found = []
    if summary.failure is not None:
        found.append(Condition(FAILED, "", str(summary.exit_code), "", summary.failure.message, summary.failure.advice))
    if summary.certificate_ends is not None:
        found += certificate(summary.certificate_ends, now)
    return found


def certificate(ends: datetime, now: datetime) -> list[Condition]:
    """The stage that the certificate has come to, if any. Both moments are aware."""
    left = ends - now
    day = f"{ends.day} {ends:%b %Y}"
    advice = command("certificate", "roll")
    if left <= timedelta(0):
        return [Condition(CERTIFICATE, "", "ended", "", f"the certificate expired on {day}", advice)]
    reached = [stage for stage in STAGES if left <= timedelta(days=stage)]
    if not reached:
        return []
    sentence = f"the certificate expires in {counted(left.days, 'day')}, on {day}"
    return [Condition(CERTIFICATE, "", f"{min(reached)} days", "", sentence, advice)]


def judged_by(run: RunRecord) -> Callable[[Matter], bool]:
    """Whether this run can tell that a matter is over, if it did not find it anew.

    A run that failed or was cut short tells of nothing; one that was limited to some calendars tells of those, and that runs do
    work again. What is held is over once it is held no longer (``reckoning.released``), whatever a run found.
    """
    if run.kind != NIGHT or run.exit_code is None or run.failure or run.summary.get("cut_short"):
        return lambda matter: False
    whole = not run.calendars

    def judged(matter: Matter) -> bool:
        if matter.kind == HELD:
            return False
        if matter.kind == CERTIFICATE:
            return "certificate_ends" in run.summary
        return whole or not matter.address or matches(Calendar(matter.address, matter.name), run.calendars)

    return judged


def _held(verdict: Held, standing: Iterable[Held]) -> Condition:
    first = f"{told}\n" if (told := mend(verdict.guard)) else ""
    advice, guards = f"{first}look: {look(verdict)}", [other.guard for other in standing if other.calendar == verdict.calendar]
    if set(guards) <= set(RELEASABLE):
        advice += f"\nrelease: {release(verdict, guards)}"
    if verdict.calendar is None:
        return Condition(HELD, "", verdict.guard, "", f"nothing was written, held by {verdict.guard}: {verdict.sentence}", advice)
    return Condition(HELD, verdict.calendar.address, verdict.guard, verdict.calendar.name, f"held: {verdict.sentence}", advice)
