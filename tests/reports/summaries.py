"""Made-up nights for tests of reports and of the command line: a quiet one, an ordinary one, one with everything, one with nasty texts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.marker import NOT_UNDERSTOOD, Marker
from timetable_sync.model.plan import Held, Skipped, SkipReason
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.model.window import Window
from timetable_sync.reports.summary import BadRowReport, CalendarReport, ChangeReport, Outcome, RunSummary, Status, Trouble

STARTED = datetime(2026, 11, 24, 2, 0, 4, tzinfo=UTC)
FIRST = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = "Europe/London"

#: Texts that have broken something somewhere: markup, control characters, right to left, emoji, lone surrogates, sheer length.
NASTY = (
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "a | b || c \\| d `code` ``more`` *bold* _it_ [link](javascript:alert(1)) <!-- c --> &amp; # > 1. - + =",
    "first line\nsecond | line\r\nthird\u2028fourth\x85fifth",
    "bell \x07 escape \x1b[31mred\x1b[0m nul \x00 delete \x7f c1 \x9b31m tab\there",
    "\u05e9\u05d9\u05e2\u05d5\u05e8 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u202eoverride \u2067isolate",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f3eb school",
    "lone \ud83d and \udc00 surrogates",
    "long " + "lecture " * 625,
    "@everyone see #12 at https://example.org/x and www.example.org",
    "{{ 7 * 7 }} {% raw %} ${x} %s %(y)s \"quoted\" 'single'",
    "\u041c\u0430\u0442\u0435\u043c\u0430\u0442\u0438\u043a\u0430 \u00a0\u2011 \ufffe\uffff",
    "",
)


def calendar(name: str) -> Calendar:
    return Calendar(f"{name.lower()}@groups.example.ac.uk", name)


def event(subject: str = "COMP101 Lecture: Algorithms", at: datetime = FIRST, **fields: object) -> Event:
    start = at
    made = Event("timetable/2026%2F27/A1/2026-W48/1", start, start + HOUR, ZONE, subject, location="Room 1.01", categories=("Timetable",))
    return replace(made, **fields)  # type: ignore[arg-type]  # the dataclass checks them


def standing(of: Event, **fields: object) -> RemoteEvent:
    made = RemoteEvent(
        ItemRef("AAMk-" + of.start.isoformat(), "CQAA"),
        Marker("aaaaaa", "b" * 16, of.key),
        of.start,
        of.end,
        of.subject,
        of.location or "",
        of.categories or (),
        of.busy,
        of.reminder,
        of.sensitivity,
    )
    return made._replace(**fields)  # type: ignore[arg-type]  # names and values of its fields


def create(of: Event, reason: Reason = Reason.TIMETABLE) -> Create:
    return Create(of, "1 aaaaaa bbbbbbbbbbbbbbbb " + of.key, reason)


def update(before: RemoteEvent, after: Event, reason: Reason = Reason.TIMETABLE) -> Update:
    return Update(before, after, "1 aaaaaa bbbbbbbbbbbbbbbb " + after.key, reason)


def reported(*changes: Change, fate: Outcome = Outcome.DONE, trouble: Trouble | None = None) -> tuple[ChangeReport, ...]:
    return tuple(ChangeReport(change, fate, trouble) for change in changes)


def moved(name: str = "COMP101", at: datetime = FIRST) -> tuple[Change, ...]:
    """A calendar's ordinary changes: a new event, a moved one, one in another room, one that is gone."""
    was = event(f"{name} Lecture: Algorithms", at)
    other = event(f"{name} Tutorial: Recursion", at + 3 * HOUR, location="Garden Building, Room 2.14")
    gone = event(f"{name} Seminar: Proofs", at + timedelta(days=2))
    return (
        update(standing(was), replace(was, start=at + HOUR, end=at + 2 * HOUR, location="Room 3.07")),
        update(standing(other, location="Room 9"), other),
        create(
            event(f"{name} Practical: Sorting", at + timedelta(days=1, hours=5), location="Laboratory 4", body="Ada Lovelace, Alan Turing")
        ),
        Delete(standing(gone), Reason.LEFT),
    )


def summary(*calendars: CalendarReport, **fields: object) -> RunSummary:
    made = RunSummary(
        run=318,
        source="timetable",
        started=STARTED,
        finished=STARTED + timedelta(minutes=3, seconds=47),
        window=Window(STARTED, datetime(2027, 5, 23, 23, 0, tzinfo=UTC)),
        time_zone=ZONE,
        dry_run=False,
        rows=64_210,
        lessons=48_182,
        events=51_691,
        calendars=calendars,
        requests={"FindItem": 1_788, "CreateItem": 14, "token": 1},
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the dataclass checks them


def unchanged(how_many: int, prefix: str = "MATH") -> tuple[CalendarReport, ...]:
    return tuple(
        CalendarReport(calendar(f"{prefix}{number}"), Status.UNCHANGED, standing=58, expected=58, foreign=3, unchanged=58)
        for number in range(100, 100 + how_many)
    )


def quiet() -> RunSummary:
    """Nothing to do, nothing to say."""
    return summary(*unchanged(6))


def ordinary() -> RunSummary:
    """Changes, and nothing wrong."""
    changed = tuple(
        CalendarReport(calendar(name), Status.CHANGED, 90, 90, 2, 86, reported(*moved(name, FIRST + at * HOUR)))
        for at, name in enumerate(("COMP101", "COMP205", "HIST300"))
    )
    return summary(*changed, *unchanged(8))


def held_verdict(name: str = "COMP999") -> Held:
    return Held("deletes_in_calendar", calendar(name), "41 of 90 events would be deleted, the limit is 30 %, at least 5", 41, 90, 27)


def _every_reason() -> tuple[ChangeReport, ...]:
    plain = event("COMP101 Lecture: Algorithms")
    return reported(
        update(standing(plain, location="Room 9"), plain, Reason.TIMETABLE),
        update(standing(plain, subject="Lunch", busy=Busy.FREE, reminder=15), plain, Reason.EDITED),
        create(event("COMP101 Tutorial", FIRST + 5 * HOUR), Reason.DELETED),
        update(
            standing(plain, categories=(), sensitivity=Sensitivity.PRIVATE),
            replace(plain, categories=("Exam", "Timetable"), reminder=1_440, busy=Busy.OUT_OF_OFFICE),
            Reason.MAPPING,
        ),
        update(standing(plain), replace(plain, body="The text changed"), Reason.TIMETABLE),
        update(standing(plain, all_day=True), plain, Reason.EDITED),
        Delete(standing(event("COMP101 Seminar", FIRST + timedelta(days=3))), Reason.LEFT),
        Delete(standing(event("COMP101 Lecture: Algorithms")), Reason.DUPLICATE),
        create(event("COMP101 Field trip", FIRST + timedelta(days=4), end=FIRST + timedelta(days=6), body="Bring boots")),
    )


def _every_left() -> tuple[Skipped, ...]:
    plain = event("COMP101 Lecture: Graphs", FIRST + timedelta(days=9))
    by_someone = standing(plain, location="My office")
    return (
        Skipped(plain.key, SkipReason.EDITED_KEPT, by_someone, plain),
        Skipped(plain.key, SkipReason.EDITED_REPORTED, by_someone, plain),
        Skipped(plain.key, SkipReason.DELETED_KEPT, None, plain),
        Skipped(plain.key, SkipReason.DELETED_REPORTED, None, plain),
        Skipped(plain.key, SkipReason.UNSETTLED, standing(plain), None),
        Skipped(plain.key, SkipReason.SERIES, standing(plain, series=True), plain),
        Skipped(
            plain.key, SkipReason.NOT_KEPT, standing(plain, end=plain.start, busy=Busy.FREE, missing=frozenset({"end", "busy"})), plain
        ),
        Skipped("", SkipReason.UNREADABLE, standing(plain, marker=NOT_UNDERSTOOD, missing=frozenset({"start"})), None),
    )


def everything() -> RunSummary:
    """Every status, fate, reason, and everything that can be said of a run."""
    refusal = Trouble("ErrorSubjectTooLong: the subject is too long", "Shorten event.subject.")
    unanswered = Trouble("no answer within 120 seconds", "")
    blocked = Trouble("no mailbox gone@groups.example.ac.uk (ErrorNonExistentMailbox)", "Make the group, or take it out of the timetable.")
    lecture = event("PHYS110 Lecture: Optics", FIRST + 2 * HOUR)
    calendars = (
        CalendarReport(calendar("COMP101"), Status.CHANGED, 90, 91, 4, 82, _every_reason(), _every_left()),
        CalendarReport(
            calendar("PHYS110"),
            Status.FAILED,
            40,
            42,
            0,
            38,
            (
                *reported(create(lecture), fate=Outcome.FAILED, trouble=refusal),
                *reported(create(replace(lecture, subject="PHYS110 Lecture: Lenses")), fate=Outcome.UNCLEAR, trouble=unanswered),
                *reported(*moved("PHYS110")[:2]),
                *reported(moved("PHYS110")[3], fate=Outcome.NOT_BEGUN),
            ),
            trouble=refusal,
        ),
        CalendarReport(calendar("GONE1"), Status.FAILED, trouble=blocked),
        CalendarReport(
            calendar("COMP999"),
            Status.HELD,
            90,
            49,
            0,
            49,
            reported(
                *(Delete(standing(event(f"COMP999 Lecture {n}", FIRST + n * HOUR)), Reason.LEFT) for n in range(41)), fate=Outcome.HELD
            ),
            held=(held_verdict(),),
        ),
        CalendarReport(calendar("LATE700"), Status.CUT_SHORT, 9, 9, 0, 5, reported(*moved("LATE700"), fate=Outcome.NOT_BEGUN)),
        CalendarReport(calendar("TRIAL1"), Status.REPORT_ONLY, 9, 9, 0, 5, reported(*moved("TRIAL1"), fate=Outcome.PLANNED)),
        CalendarReport(calendar("PLAN1"), Status.PLANNED, 9, 9, 0, 5, reported(*moved("PLAN1"), fate=Outcome.PLANNED)),
        *unchanged(20),
    )
    return summary(
        *calendars,
        bad_rows={"end before start": 2, "without a time": 1},
        bad_row_examples=(
            BadRowReport(17, "ends_at", "end before start", "COMP101 Lecture 2"),
            BadRowReport(2_044, "starts_at", "without a time", ""),
        ),
        held=(held_verdict(), Held("shrunken_timetable", None, "the timetable shrank from 90 to 49 events", 41, 90, 18, forced=True)),
        needs_you=(Trouble("the certificate expires in 21 days, on 15 Dec 2026", "Make a new one and register it."),),
        worth_knowing=(Trouble("4 subjects were cut at 255 characters", ""),),
        forgotten=(calendar("OLD101"), calendar("OLD102")),
        cut_short="the deadline of 3 hours passed",
        exit_code=1,
    )


def run_held() -> RunSummary:
    """The whole run was held."""
    verdict = Held("deletes_in_run", None, "6,000 of 51,691 events would be deleted in all, the limit is 10 %", 6_000, 51_691, 5_169)
    changes = reported(*moved("COMP101"), fate=Outcome.HELD)
    return summary(CalendarReport(calendar("COMP101"), Status.HELD, changes=changes), *unchanged(3), held=(verdict,), exit_code=5)


def dry() -> RunSummary:
    """A dry run with changes."""
    planned = CalendarReport(calendar("COMP101"), Status.PLANNED, 90, 90, 2, 86, reported(*moved("COMP101"), fate=Outcome.PLANNED))
    return summary(planned, *unchanged(3), dry_run=True, run=None)


def failed() -> RunSummary:
    """It ended before anything was read."""
    failure = Trouble("Entra ID refused the certificate (AADSTS700027): no key with this thumbprint is registered", "Register it.")
    return summary(run=319, rows=0, lessons=0, events=0, failure=failure, requests=None, exit_code=3)


def nasty() -> RunSummary:
    """Nasty texts everywhere that a text can be."""
    calendars = []
    for at, text in enumerate(NASTY):
        fields = {"location": text, "body": text, "categories": (text,)}
        new = event(text[:255], FIRST + at * HOUR, **fields)
        old = standing(event("before"), subject=text[:255] + "!", location=text)
        trouble = Trouble(text, text)
        changes = (
            *reported(create(new), update(old, new), Delete(old, Reason.LEFT)),
            *reported(create(new), fate=Outcome.FAILED, trouble=trouble),
        )
        left = (Skipped(text, SkipReason.EDITED_REPORTED, old, new),)
        name = Calendar(f"{at}{text}@example.org", text)
        verdict = Held("deletes_in_calendar", name, text, 1, 2, 3)
        calendars.append(CalendarReport(name, Status.FAILED, 1, 1, 1, 1, changes, left, (verdict,), trouble))
    everywhere = "".join(text[:80] for text in NASTY)
    return summary(
        *calendars,
        source=everywhere,
        bad_rows={everywhere: 3},
        bad_row_examples=(BadRowReport(1, everywhere, everywhere, everywhere),),
        needs_you=(Trouble(everywhere, everywhere),),
        worth_knowing=(Trouble(everywhere, everywhere),),
        cut_short=everywhere,
        failure=Trouble(everywhere, everywhere),
        requests={everywhere: 1},
        exit_code=1,
    )


def long(changes: int, calendars: int) -> RunSummary:
    """Very many changes."""

    def some(name: str, how_many: int) -> Iterator[Change]:
        for at in range(how_many):
            week, slot = divmod(at, 10)
            yield moved(name, FIRST + timedelta(days=7 * (week % 26)) + slot * HOUR)[at % 4]

    per_calendar = changes // calendars
    return summary(
        *(
            CalendarReport(calendar(f"M{number:04}"), Status.CHANGED, 60, 60, 0, 0, reported(*some(f"M{number:04}", per_calendar)))
            for number in range(calendars)
        )
    )
