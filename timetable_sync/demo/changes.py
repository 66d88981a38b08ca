"""What happens to the made-up timetable in the fourth week of term. Pure: lessons in, lessons out, and what was done in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from timetable_sync.demo.college import Lesson, at

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
