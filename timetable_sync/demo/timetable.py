"""A made-up college's timetable: its groups, modules and a term of lessons, the same every day, and what changes in the fourth week.

Aldermoor College teaches fourteen groups from 28 September to 11 December 2026; on 25 October the clocks go back. Its texts are as
odd as real timetables' are (no-break blanks, look-alike hyphens, HTML, padded codes, Cyrillic): ``CLEAN`` says what each of
them ought to look like in a calendar, written by hand, so that the demo can tell whether timetable-sync got it right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

NAME = "Aldermoor College"
ZONE = "Europe/London"
PERIOD = "2026/27"
DOMAIN = "groups.aldermoor.example"

FIRST_MONDAY = date(2026, 9, 28)
WEEKS = 11
READING_WEEK = 6

GROUPS = (
    *("BIO-Y1", "BIO-Y2", "CHE-Y1", "CHE-Y2", "COM-Y1", "COM-Y2", "ENG-Y1"),
    *("ENG-Y2", "HIS-Y1", "LIN-Y1", "MAT-Y1", "MAT-Y2", "PHY-Y1", "PHY-Y2"),
)

#: Ten blanks stand in a CHAR column for a lecturer who is not known yet.
NOBODY = " " * 10

CLEAN = {
    "Cell\u00a0Biology": "Cell Biology",
    "Non\u2011Euclidean Geometry": "Non-Euclidean Geometry",
    "Heat &amp; Mass Transfer": "Heat & Mass Transfer",
    "Organic Chemistry<br />Mechanisms": "Organic Chemistry Mechanisms",
    "Poe\u0301sie et prose  ": "Po\u00e9sie et prose",
    "Databases &amp;\u00a0Data Ethics": "Databases & Data Ethics",
    " online live": "online live",
    "Lecture   ": "Lecture",
    "Seminar   ": "Seminar",
    "Lab       ": "Lab",
    "Test      ": "Test",
    "Field trip": "Field trip",
    NOBODY: "",
}

_LONG_TITLE = "Rivers, canals, railways and roads: the making of an industrial landscape in the north of England between 1750 and c.1914"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One meeting of one activity. ``starts`` and ``ends`` are local to :data:`ZONE`, texts are as the database has them.

    ``id`` is the demo's own name for it and never reaches timetable-sync. ``status`` is "C" for confirmed, "X" for cancelled.
    """

    id: str
    activity: str
    module: str
    kind: str
    title: str
    starts: datetime
    ends: datetime
    groups: tuple[str, ...]
    rooms: tuple[str, ...]
    staff: tuple[str, ...]
    status: str = "C"


@dataclass(frozen=True, slots=True)
class _Module:
    code: str
    title: str
    groups: tuple[str, ...]
    staff: tuple[str, ...]
    lectures: int = 2
    seminar: bool = True
    lab: bool = False


def clean(text: str) -> str:
    """What ``text`` of the database ought to look like in a calendar."""
    return CLEAN.get(text, text)


def address(group: str) -> str:
    """The mail address of a group's calendar."""
    return f"{group.lower()}@{DOMAIN}"


_MODULES = (
    _Module("BIO101", "Cell\u00a0Biology", ("BIO-Y1",), ("Dr Maeve Larkin",), lab=True),
    _Module("BIO102", "Genetics", ("BIO-Y1", "CHE-Y1"), ("Prof. Samuel Okafor", "Dr Maeve Larkin")),
    _Module("BIO103", "Plants and their World", ("BIO-Y1",), (NOBODY,)),
    _Module("BIO201", "Ecology", ("BIO-Y2",), ("Dr Ingrid Solheim",), lab=True),
    _Module("BIO202", "Microbiology", ("BIO-Y2", "CHE-Y2"), ("Prof. Samuel Okafor",)),
    _Module("BIO203", "Human Physiology", ("BIO-Y2",), ("Dr Maeve Larkin", "Dr Ingrid Solheim")),
    _Module("CHE101", "Organic Chemistry<br />Mechanisms", ("CHE-Y1", "BIO-Y1"), ("Dr Pavel Hor\u00e1k",), lab=True),
    _Module("CHE102", "Atoms and Bonds", ("CHE-Y1",), ("Prof. Grace Adeyemi",)),
    _Module("CHE201", "Spectroscopy", ("CHE-Y2",), ("Dr Pavel Hor\u00e1k",), lab=True),
    _Module("CHE202", "Heat &amp; Mass Transfer", ("CHE-Y2", "ENG-Y2"), ("Prof. Grace Adeyemi", "Dr Tom Whitlow")),
    _Module("COM101", "Programming", ("COM-Y1", "MAT-Y1", "PHY-Y1", "ENG-Y1"), ("Dr Zo\u00eb O'Brien", "Mr Idris Khan"), lab=True),
    _Module("COM102", "Computers and How They Work", ("COM-Y1",), ("Mr Idris Khan",)),
    _Module("COM103", "Logic", ("COM-Y1", "MAT-Y1"), ("Dr Ruth Feldman",)),
    _Module("COM201", "Databases", ("COM-Y2",), ("Dr Zo\u00eb O'Brien",), lab=True),
    _Module("COM202", "Networks", ("COM-Y2", "ENG-Y2"), ("Mr Idris Khan",)),
    _Module("COM203", "Algorithms", ("COM-Y2", "MAT-Y2"), ("Dr Ruth Feldman",)),
    _Module("ENG101", "Statics", ("ENG-Y1",), ("Dr Tom Whitlow",)),
    _Module("ENG102", "Materials", ("ENG-Y1", "PHY-Y1"), ("Prof. Hana Suzuki",), lab=True),
    _Module("ENG201", "Structures", ("ENG-Y2",), ("Dr Tom Whitlow", "Prof. Hana Suzuki"), lab=True),
    _Module("HIS101", _LONG_TITLE, ("HIS-Y1",), ("Dr Eleanor Marsh",)),
    _Module("HIS102", "Europe since 1945", ("HIS-Y1", "LIN-Y1"), ("Dr Eleanor Marsh", "Prof. \u0141ukasz Nowak")),
    _Module("HIS103", "Archives and Sources", ("HIS-Y1",), ("Prof. \u0141ukasz Nowak",)),
    _Module("HIS104", "Academic Writing", ("HIS-Y1", "LIN-Y1", "BIO-Y1"), ("Ms Farah Siddiqui",), lectures=1),
    _Module("LIN101", "Русский язык для начинающих", ("LIN-Y1",), ("Е. Иванова",)),
    _Module("LIN102", "Poe\u0301sie et prose  ", ("LIN-Y1",), ("Mme Am\u00e9lie Garnier",)),
    _Module("MAT101", "Calculus", ("MAT-Y1", "PHY-Y1", "ENG-Y1"), ("Prof. Leila Haddad",), lectures=3),
    _Module("MAT102", "Linear Algebra", ("MAT-Y1", "COM-Y1"), ("Dr Ruth Feldman",)),
    _Module("MAT103", "Statistics", ("BIO-Y2", "CHE-Y2", "PHY-Y2", "MAT-Y2"), ("Dr Ana N\u00fa\u00f1ez", "Prof. Leila Haddad")),
    _Module("MAT201", "Non\u2011Euclidean Geometry", ("MAT-Y2",), ("Prof. Leila Haddad",)),
    _Module("MAT202", "Number Theory", ("MAT-Y2",), ("Dr Ana N\u00fa\u00f1ez",)),
    _Module("PHY101", "Mechanics", ("PHY-Y1",), ("Dr Kofi Mensah",), lab=True),
    _Module("PHY201", "Astronomy", ("PHY-Y2",), ("Dr Kofi Mensah",)),
    _Module("PHY202", "Quantum Physics", ("PHY-Y2", "MAT-Y2"), ("Prof. Hana Suzuki", "Dr Kofi Mensah")),
    _Module("PHY203", "Electronics", ("PHY-Y2", "ENG-Y2"), ("Dr Tom Whitlow",), lab=True),
)  # fmt: skip

_THEATRES = ("Beech Theatre", "Rowan Theatre", "Great Hall", "Alder Theatre")
_SEMINAR_ROOMS = ("Library 1.04", "Library 1.05", "Mill House 2", "Mill House 3", " online live", "Old School 11")
_LABS = (("Lab 1", "Lab 1a"), ("Lab 2", "Lab 3"), ("Workshop", "Lab 4"), ("Computer Room A", "Computer Room B"))


class _Hours:
    """Which hours of the week are taken, by group or room. ``free`` finds the first that suits and takes it."""

    def __init__(self) -> None:
        self._taken: set[tuple[int, int, str]] = set()

    def free(self, places: tuple[tuple[str, ...], ...], groups: tuple[str, ...], hours: int, turn: int) -> tuple[int, int, tuple[str, ...]]:
        """Day of the week (0 is Monday), hour and rooms. ``turn`` spreads the choices over the week."""
        for step in range(5 * 8):
            day, hour = (turn + step) % 5, 9 + ((turn // 5 + step // 5) * 2 + (turn + step) % 2) % (9 - hours)
            for at in range(len(places)):
                rooms = places[(turn + at) % len(places)]
                wanted = {(day, hour + more, who) for more in range(hours) for who in (*groups, *rooms)}
                if not wanted & self._taken:
                    self._taken |= wanted
                    return day, hour, rooms
        raise AssertionError("the made-up college has more lessons than hours")


def at(text: str) -> datetime:
    """A moment on the college's clocks."""
    return datetime.fromisoformat(text)


def term() -> list[Lesson]:
    """The lessons of the term, as they are planned before it begins."""
    hours, lessons, turn = _Hours(), [], 0
    for module in _MODULES:
        for kind, number, length, places in _meetings(module):
            day, hour, rooms = hours.free(places, module.groups, length, turn)
            turn += 1
            for week in range(WEEKS):
                if not _takes_place(kind, week + 1):
                    continue
                starts = datetime.combine(FIRST_MONDAY + timedelta(weeks=week, days=day), time(hour))
                lessons.append(
                    Lesson(
                        id=f"{module.code}/{kind.strip()}{number}/{week + 1}",
                        activity=f"{module.code}/{kind.strip()[:3].upper()}{number}",
                        module=module.code,
                        kind=kind,
                        title=module.title,
                        starts=starts,
                        ends=starts + timedelta(hours=length),
                        groups=module.groups,
                        rooms=rooms if week or kind != "Seminar   " else (),
                        staff=module.staff,
                    )
                )
    return lessons + _special()


def _meetings(module: _Module) -> list[tuple[str, int, int, tuple[tuple[str, ...], ...]]]:
    """Kind, number, length in hours and places to choose from, of each meeting in a week."""
    theatres, seminar_rooms = tuple((room,) for room in _THEATRES), tuple((room,) for room in _SEMINAR_ROOMS)
    found: list[tuple[str, int, int, tuple[tuple[str, ...], ...]]] = []
    if module.lab:
        found.append(("Lab       ", 1, 2, _LABS))
    found += [("Lecture   ", number + 1, 1, theatres) for number in range(module.lectures)]
    if module.seminar:
        found.append(("Seminar   ", 1, 1, seminar_rooms))
    return found


def _takes_place(kind: str, week: int) -> bool:
    """Lectures every week but the reading week, seminars from the second week on, labs every other week."""
    if week == READING_WEEK:
        return False
    return week > 1 if kind == "Seminar   " else week % 2 == 0 if kind == "Lab       " else True


def _special() -> list[Lesson]:
    """Lessons that are no weekly pattern: over the clock change, over several days, tests."""
    kofi, ingrid = "Dr Kofi Mensah", "Dr Ingrid Solheim"

    def one(
        activity: str, kind: str, title: str, starts: str, ends: str, groups: tuple[str, ...], rooms: tuple[str, ...], who: str
    ) -> Lesson:
        module = activity.partition("/")[0]
        return Lesson(activity, activity, module, kind, title, at(starts), at(ends), groups, rooms, (who,))

    return [
        # 00:30 is summer time, 02:30 is winter time: three hours lie between them.
        one("PHY201/NIGHT", "Lab       ", "Astronomy", "2026-10-25 00:30", "2026-10-25 02:30", ("PHY-Y2",), ("Observatory",), kofi),
        one("BIO201/TRIP", "Field trip", "Ecology", "2026-11-20 08:00", "2026-11-22 18:00", ("BIO-Y2",), (), ingrid),
        one("MAT101/TEST", "Test      ", "Calculus", "2026-11-06 10:00", "2026-11-06 12:00", ("MAT-Y1", "PHY-Y1", "ENG-Y1"),
            ("Great Hall", "Alder Theatre"), "Prof. Leila Haddad"),
        one("COM101/TEST", "Test      ", "Programming", "2026-11-05 14:00", "2026-11-05 16:00", ("COM-Y1", "MAT-Y1", "PHY-Y1", "ENG-Y1"),
            ("Computer Room A", "Computer Room B"), "Mr Idris Khan"),
    ]  # fmt: skip


#: The second night. Lessons that start before it are the past.
SECOND_NIGHT = at("2026-10-20 02:00")

_GUEST = Lesson(
    id="PHY300/GUEST",
    activity="PHY300/GUEST",
    module="PHY300",
    kind="Lecture   ",
    title="Guest lecture: How old is the Universe?",
    starts=at("2026-10-28 17:00"),
    ends=at("2026-10-28 18:30"),
    groups=("MAT-Y1", "MAT-Y2", "PHY-Y1", "PHY-Y2"),
    rooms=("Great Hall",),
    staff=("Prof. Hana Suzuki",),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done. ``rows`` are what the database says of a lesson from now on, ``right`` what ought to stand in calendars.

    The two differ where the past is concerned, which stays as it was, and where a row cannot be right. None: there is no such lesson.
    """

    said: str
    rows: dict[str, Lesson | None]
    right: dict[str, Lesson | None]


def changes(lessons: Sequence[Lesson]) -> list[Change]:
    """All that is done to ``lessons``."""
    by_id = {lesson.id: lesson for lesson in lessons}

    def same(said: str, *after: Lesson, gone: Sequence[str] = ()) -> Change:
        rows: dict[str, Lesson | None] = {lesson.id: lesson for lesson in after} | dict.fromkeys(gone)
        return Change(said, rows, rows)

    moved = by_id["COM101/Lecture1/5"]
    other_room = by_id["HIS101/Seminar1/5"]
    cancelled = by_id["MAT103/Lecture1/5"]
    past = by_id["BIO101/Lecture1/2"]
    wrong = by_id["LIN102/Seminar1/7"]
    later = [lesson for lesson in lessons if lesson.starts >= SECOND_NIGHT]
    retitled = [replace(lesson, title="Databases &amp;\u00a0Data Ethics") for lesson in later if lesson.module == "COM201"]
    taken_over = [replace(lesson, staff=("Dr Nadia Rahman",)) for lesson in later if lesson.activity == "ENG101/SEM1"]
    thursday = at("2026-10-29 17:00")
    return [
        same("a joint lecture moved to another day", replace(moved, starts=thursday, ends=thursday + timedelta(hours=1))),
        same("a seminar got another room", replace(other_room, rooms=("Old School 11", "Mill House 3"))),
        same("a module got another title", *retitled),
        same("a seminar was taken over by another lecturer", *taken_over),
        same("a joint lecture was cancelled", replace(cancelled, status="X")),
        same("a guest lecture was added for four groups", _GUEST),
        same("a module's last seminar was dropped", gone=["CHE202/Seminar1/11"]),
        Change("a lesson of the past was corrected", {past.id: replace(past, rooms=("Great Hall",))}, {}),
        Change(
            "somebody mistyped, and a seminar ends before it starts", {wrong.id: replace(wrong, ends=wrong.starts - timedelta(hours=1))}, {}
        ),
    ]


def rows_after(lessons: Sequence[Lesson], made: Sequence[Change], *, mended: bool = False) -> list[Lesson]:
    """What the database holds after ``made``; ``mended``: the typing mistake is set right again."""
    after: dict[str, Lesson | None] = {lesson.id: lesson for lesson in lessons}
    for change in made:
        after |= change.rows
    found = [lesson for lesson in after.values() if lesson is not None]
    if mended:
        before = {lesson.id: lesson for lesson in lessons}
        found = [lesson if lesson.ends > lesson.starts else before[lesson.id] for lesson in found]
    return found


def right_after(lessons: Sequence[Lesson], made: Sequence[Change]) -> list[Lesson]:
    """What ought to stand in the calendars after ``made`` and a night."""
    after: dict[str, Lesson | None] = {lesson.id: lesson for lesson in lessons}
    for change in made:
        after |= change.right
    return [lesson for lesson in after.values() if lesson is not None]
