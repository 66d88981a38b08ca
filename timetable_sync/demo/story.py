"""The demo's story: a made-up college, three nights and a dry run, and after each of them a look into the calendars themselves."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime

from timetable_sync.demo import checks, timetable
from timetable_sync.demo import folder as database
from timetable_sync.demo.checks import expected
from timetable_sync.demo.folder import DemoFolder, configuration
from timetable_sync.demo.processes import Night, night, running_sandbox, typed
from timetable_sync.demo.registration import CLIENT, TENANT, make_certificate, write_manifest
from timetable_sync.demo.screen import Screen, shown
from timetable_sync.demo.timetable import SECOND_NIGHT, changes, right_after, rows_after
from timetable_sync.errors import TimetableSyncError
from timetable_sync.sandbox.client import SandboxClient

FIRST_NIGHT = timetable.at("2026-09-21 02:00")
THIRD_NIGHT = timetable.at("2026-10-21 02:00")

_COLLEAGUE, _EDITED, _DELETED = (timetable.address(group) for group in ("BIO-Y1", "CHE-Y1", "HIS-Y1"))
_WEEKLY_AT_NINE = "PHY201 Seminar: Astronomy"


def tell(folder: DemoFolder, screen: Screen, afterwards: Callable[[str], None] | None = None) -> None:
    """All of it, in ``folder``. ``afterwards`` is called with the sandbox's address while it still runs.

    Raises TimetableSyncError where anything is not as it was said to be, and UsageError for a folder that cannot be used.
    """
    began = time.monotonic()
    folder.prepare()
    screen.title("A made-up college, a local Exchange, three nights: nothing leaves this machine")
    with ExitStack() as stack:
        with screen.working("starting the sandbox"):
            sandbox = stack.enter_context(running_sandbox(folder))
        _Story(folder, screen, sandbox).everything()
        screen.title(f"Everything above was checked in the calendars. It took {time.monotonic() - began:.0f} seconds.")
        folder.explain(sandbox.url)
        _where(folder, screen)
        if afterwards is not None:
            afterwards(sandbox.url)


def _where(folder: DemoFolder, screen: Screen) -> None:
    screen.fact("all of it is in", shown(folder.root))
    for path, what in (
        (folder.plan, "what would change, old and new side by side"),
        (folder.reports, "a report of each night"),
        (folder.configuration, "the configuration"),
        (folder.readme, "what else is there, and how to go on"),
    ):
        screen.fact("", f"{path.name:<22}{what}")


class _Story:
    def __init__(self, folder: DemoFolder, screen: Screen, sandbox: SandboxClient) -> None:
        self.folder, self.screen, self.sandbox = folder, screen, sandbox
        self.planned = timetable.term()
        self.changes = changes(self.planned)
        self.before = expected(self.planned)
        self.after = expected(right_after(self.planned, self.changes))

    def everything(self) -> None:
        self.set_up()
        self.first_night()
        self.people_and_changes()
        self.dry_run()
        self.second_night()
        self.third_night()

    def set_up(self) -> None:
        folder, screen = self.folder, self.screen
        self.sandbox.add_mailboxes([timetable.address(group) for group in timetable.GROUPS])
        screen.fact("sandbox", f"Entra ID and Exchange at {self.sandbox.url}, with {len(timetable.GROUPS)} empty group calendars")
        rows = database.write(folder.timetable, self.planned)
        screen.fact(
            "timetable", f"{folder.timetable.name}: {len(self.planned):,} lessons of {timetable.NAME} this autumn, in {rows:,} rows"
        )
        write_manifest(folder.manifest, manifest := make_certificate(folder.certificate, folder.key))
        self.sandbox.register_app(manifest, tenant=TENANT, client_id=CLIENT)
        screen.fact("certificate", f"{folder.certificate.name}, registered as in the portal: {folder.manifest.name}")
        folder.query.write_text(database.QUERY, "utf-8")
        folder.configuration.write_text(configuration(self.sandbox.url), "utf-8")
        screen.fact("configuration", f"{folder.configuration.name}, and the query in {folder.query.name}")

    def first_night(self) -> None:
        self.screen.title(f"First night, {_moment(FIRST_NIGHT)}: a week before term")
        found = self._night(FIRST_NIGHT, code=0)
        calendars = self.sandbox.all_events()
        total = checks.total(self.before)
        self._check("it says what it did", _counts(found, (total, 0, 0)))
        self._check(f"the {len(calendars)} calendars hold exactly the timetable: {total:,} events", checks.unequal(calendars, self.before))
        hours = checks.wrong_hours(calendars, _WEEKLY_AT_NINE, 9)
        self._check("09:00 is 09:00 before and after 25 October, when the clocks go back", hours)
        self._check("nobody got mail", checks.mailed(self.sandbox.mails()))

    def people_and_changes(self) -> None:
        sandbox, screen = self.sandbox, self.screen
        screen.title("Four weeks later: people have used their calendars, and the timetable has changed")
        sandbox.add_appointment(
            _COLLEAGUE,
            "Cake for Maeve's birthday",
            "2026-10-22T14:00:00Z",
            "2026-10-22T14:30:00Z",
            location="Lab 1",
            categories=["Private"],
        )
        sandbox.add_appointment(_EDITED, "Safety briefing", "2026-10-26T09:00:00Z", "2026-10-26T10:00:00Z", body="Bring goggles.")
        screen.item("colleagues put appointments of their own beside the lessons of BIO-Y1 and CHE-Y1")
        edited = _coming(sandbox.events(_EDITED), "CHE102 Seminar: Atoms and Bonds")
        sandbox.edit_event(_EDITED, edited["id"], subject="Atoms and Bonds - ask Grace about the room", location="?")
        screen.item("somebody edited a seminar of CHE-Y1")
        deleted = _coming(sandbox.events(_DELETED), "HIS103 Lecture: Archives and Sources")
        sandbox.delete_event(_DELETED, deleted["id"])
        screen.item("somebody deleted a lecture of HIS-Y1")
        for change in self.changes:
            screen.item(f"in the timetable: {change.said}")
        database.write(self.folder.timetable, rows_after(self.planned, self.changes))

    def dry_run(self) -> None:
        self.screen.title(f"Dry run, {_moment(SECOND_NIGHT)}: what would be done")
        before = self.sandbox.all_events()
        found = self._night(SECOND_NIGHT, code=1, dry_run=True)
        self._check("it found every difference, and no other", _counts(found, self._due()))
        wrong = [*checks.written(self.sandbox.requests()), *(["a calendar changed"] if self.sandbox.all_events() != before else [])]
        self._check("it wrote nothing", wrong)

    def second_night(self) -> None:
        self.screen.title(f"Second night, {_moment(SECOND_NIGHT)}")
        before = self.sandbox.all_events()
        found = self._night(SECOND_NIGHT, code=1)
        self.screen.item("exit code 1, as a row was set aside: its event stays as it was until somebody mends the row")
        calendars = self.sandbox.all_events()
        self._check("it did what the dry run said", _counts(found, self._due()))
        said = f"the calendars hold exactly the timetable, nothing twice: {checks.total(self.after):,} events"
        self._check(f"{said}; the past is as it was", checks.unequal(calendars, self.after))
        self._check("the colleagues' appointments are bit for bit what they were", checks.touched(before, calendars))
        bin_lacks = [
            f"not in {address}"
            for address in _DROPPED_FROM
            if _DROPPED not in {event["subject"] for event in self.sandbox.deleted_items(address)}
        ]
        self._check("the dropped seminar lies in Deleted Items", bin_lacks)
        self._check("nobody got mail", checks.mailed(self.sandbox.mails()))

    def third_night(self) -> None:
        self.screen.title(f"Third night, {_moment(THIRD_NIGHT)}: the typing mistake has been mended")
        database.write(self.folder.timetable, rows_after(self.planned, self.changes, mended=True))
        before = self.sandbox.all_events()
        found = self._night(THIRD_NIGHT, code=0)
        self._check("there was nothing to do", _counts(found, (0, 0, 0)))
        wrong = [*checks.written(self.sandbox.requests()), *(["a calendar changed"] if self.sandbox.all_events() != before else [])]
        self._check("not one request wrote anything", wrong)

    def _due(self) -> tuple[int, int, int]:
        created, updated, deleted = checks.differences(self.before, self.after)
        return created + 1, updated + 1, deleted  # what somebody deleted, and what somebody edited

    def _night(self, now: datetime, *, code: int, dry_run: bool = False) -> Night:
        self.sandbox.reset_requests()
        self.screen.typed(typed(now, dry_run=dry_run))
        with self.screen.working("the night is at work" if not dry_run else "comparing"):
            found = night(self.folder, now, dry_run=dry_run)
        self.screen.quoted(found.printed)
        if found.code != code:
            raise TimetableSyncError(f"the run ended with exit code {found.code} instead of {code}", f"Its report: {shown(found.html)}")
        return found

    def _check(self, said: str, wrong: Sequence[str]) -> None:
        if not wrong:
            self.screen.held(said)
            return
        for one in wrong[:10]:
            self.screen.wrong(one)
        if len(wrong) > 10:
            self.screen.wrong(f"and {len(wrong) - 10:,} more like these")
        raise TimetableSyncError(
            f"the demo's calendars are not as they ought to be: it is not so that {said}",
            f"This is a mistake in timetable-sync: please report it, with the folder {shown(self.folder.root)}.",
        )


_DROPPED = "CHE202 Seminar: Heat & Mass Transfer"
_DROPPED_FROM = (timetable.address("CHE-Y2"), timetable.address("ENG-Y2"))


def _coming(events: Sequence[checks.SandboxEvent], subject: str) -> checks.SandboxEvent:
    """The first event with ``subject`` that lies well ahead of the second night."""
    return checks.by_subject((event for event in events if event["start"] > "2026-11-09"), subject)


def _counts(found: Night, due: tuple[int, int, int]) -> list[str]:
    names = ("created", "updated", "deleted")
    return [f"{got} {name} instead of {wanted}" for name, got, wanted in zip(names, found.effective, due, strict=True) if got != wanted]


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M}"
