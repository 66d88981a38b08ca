"""What the two forms of keys cost: a university's nights replayed, and the operations counted that each night needs.

    python -m benchmarks.keys ../shared/data/university-nights-2024S2.sqlite

"week" is the default key: activity, week, and the how-many-th meeting of the activity in that week. "dated" is activity, date and start.
An event that stays is an update where it changed; a key that is gone is a delete, a new one a create. Each event counts in each calendar.
The first night fills empty calendars and is not counted, and neither are nights on which more than half of the timetable is new.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.timetable.nights import NIGHTS, as_patterns, copied, each_night, lessons_of
from timetable_sync.timetable.lessons import Lesson

Identity = tuple[str, ...]
#: By calendar and key: all that an event shows.
Events = Mapping[Identity, tuple[object, ...]]


def by_week(lesson: Lesson) -> Identity:
    """The default key."""
    return lesson.activity, lesson.week, str(lesson.nth)


def by_date(lesson: Lesson) -> Identity:
    """A dated key: a lesson that is moved is another lesson."""
    return lesson.activity, datetime.fromtimestamp(lesson.start, UTC).isoformat()


FORMS: dict[str, Callable[[Lesson], Identity]] = {"week": by_week, "dated": by_date}


@dataclass(slots=True)
class Needed:
    """The operations of some nights, by kind; ``each`` has their sum night by night."""

    total: Counter[str] = field(default_factory=Counter)
    each: list[int] = field(default_factory=list)

    def add(self, night: Counter[str]) -> None:
        """One more night."""
        self.total += night
        self.each.append(night.total())


def events_of(lessons: Iterable[Lesson], key: Callable[[Lesson], Identity]) -> Events:
    """What ought to stand. Of lessons with one key, the second and further ones are told apart by their number."""
    events: dict[Identity, tuple[object, ...]] = {}
    for lesson in lessons:
        for calendar in lesson.calendars:
            identity = (calendar, *key(lesson))
            while identity in events:
                identity = (*identity, "again")
            events[identity] = (lesson.start, lesson.end, lesson.cancelled, lesson.values)
    return events


def operations(before: Events, after: Events) -> Counter[str]:
    """Creates, updates and deletes between two nights."""
    stay = before.keys() & after.keys()
    changed = sum(before[identity] != after[identity] for identity in stay)
    return Counter(create=len(after) - len(stay), update=changed, delete=len(before) - len(stay))


def replay(nights: Iterable[Iterable[Lesson]]) -> Iterator[dict[str, Counter[str]]]:
    """For each night but the first, what each form of key needs."""
    before: dict[str, Events] = {}
    for lessons in nights:
        kept = list(lessons)
        after = {form: events_of(kept, key) for form, key in FORMS.items()}
        if before:
            yield {form: operations(before[form], after[form]) for form in FORMS}
        before = after


def counted(nights: Iterable[Iterable[Lesson]]) -> tuple[dict[str, Needed], int]:
    """By form of key; and the number of nights that were left out, as most of what they had was new."""
    needed, left_out, size = {form: Needed() for form in FORMS}, 0, [0]

    def sized() -> Iterator[Iterable[Lesson]]:
        for lessons in nights:
            kept = list(lessons)
            size.append(sum(len(lesson.calendars) for lesson in kept))
            yield kept

    for night in replay(sized()):
        if 2 * night["week"]["create"] > size[-1]:
            left_out += 1
            continue
        for form, some in night.items():
            needed[form].add(some)
    return needed, left_out


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("--nights", type=int, default=NIGHTS, help="only the first so many")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        file = copied(given.database.parent, Path(folder))
        settings = as_patterns(file)
        needed, left_out = counted(lessons_of(settings) for _ in each_night(file, range(1, given.nights + 1)))
    print(f"{given.nights} nights, of which {len(needed['week'].each)} are counted; {left_out} filled most of the calendars anew")
    for form, some in needed.items():
        total = some.total
        print(
            f"{form:<6} {total['create']:>7,} creates {total['update']:>7,} updates {total['delete']:>7,} deletes"
            f" {total.total():>8,} operations   median night {median(some.each):,.0f}, worst {max(some.each):,}"
        )
    week, dated = needed["week"].total.total(), needed["dated"].total.total()
    print(f"the key by week needs {1 - week / dated:.1%} fewer operations" if dated else "nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
