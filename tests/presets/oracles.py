"""The meetings that the products' databases hold, worked out by hand-written SQL and Python that share nothing with the package."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SYDNEY = ZoneInfo("Australia/Sydney")
INDIANA = ZoneInfo("America/Indiana/Indianapolis")


@dataclass(frozen=True, order=True)
class Meeting:
    """Times in UTC; texts as people would type them; sets sorted."""

    start: datetime
    end: datetime
    title: str
    rooms: tuple[str, ...]
    staff: tuple[str, ...]
    groups: tuple[str, ...]


def plain(text: str | None) -> str:
    """Without the blanks that these databases are full of."""
    return " ".join((text or "").replace("\u2011", "-").replace("\u00a0", " ").split())


def names(some: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({plain(one) for one in some} - {""}))


def opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def celcat(file: Path) -> Counter[Meeting]:
    """A meeting for each Y of an event's weeks."""
    found: Counter[Meeting] = Counter()
    with closing(opened(file)) as database:
        config = database.execute("SELECT * FROM CT_CONFIG").fetchone()
        mondays = [date.fromisoformat(cell[:10]) for cell in config[5:61]]
        of_event: dict[str, dict[int, list[str]]] = {}
        for what, link, table in (
            ("rooms", "CT_EVENT_ROOM", "CT_ROOM"),
            ("staff", "CT_EVENT_STAFF", "CT_STAFF"),
            ("groups", "CT_EVENT_GROUP", "CT_GROUP"),
            ("titles", "CT_EVENT_MODULE", "CT_MODULE"),
        ):
            identity = table.removeprefix("CT_").lower() + "_id"
            column = "unique_name" if what == "groups" else "name"
            pairs = database.execute(f"SELECT event_id, {column} FROM {link} JOIN {table} USING ({identity})")
            gathered: dict[int, list[str]] = defaultdict(list)
            for event, name in pairs:
                gathered[event].append(name)
            of_event[what] = gathered
        for event, day, begins, ends, weeks in database.execute(
            "SELECT event_id, day_of_week, substr(start_time, 12), substr(end_time, 12), weeks FROM CT_EVENT WHERE suspended = 'N'"
        ):
            rooms, staff, groups = (names(of_event[what][event]) for what in ("rooms", "staff", "groups"))
            for week, flag in enumerate(weeks):
                if flag == "Y":
                    on = mondays[week] + timedelta(days=day)
                    title = plain(of_event["titles"][event][0])
                    found[Meeting(moment(on, begins, SYDNEY), moment(on, ends, SYDNEY), title, rooms, staff, groups)] += 1
    return found


def cmis(file: Path) -> Counter[Meeting]:
    """A meeting for each week of a slot's week pattern; the pattern as its own text has it, not as the preset reads it."""
    found: Counter[Meeting] = Counter()
    with closing(opened(file)) as database:
        starts = {week: date.fromisoformat(day) for week, day in database.execute("SELECT WEEKNUMBER, STARTDATE FROM WEEKSTRUCTURE")}
        patterns = dict(database.execute("SELECT WEEKID, WEEKS FROM WEEKMAPSTRING").fetchall())
        for day, begins, ends, pattern, title, room, lecturer, group in database.execute(
            """SELECT t.WEEKDAY, t.STARTTIME, t.FINISHTIME, t.WEEKID, m.NAME, r.NAME, l.NAME, g.NAME
                 FROM TIMETABLE t LEFT JOIN MODULE m USING (SETID, MODULEID) LEFT JOIN ROOMS r USING (SETID, ROOMID)
                 LEFT JOIN LECTURER l ON l.SETID = t.SETID AND l.LECTURERID = t.LECTURERID
                 LEFT JOIN CLASSGRPS g ON g.SETID = t.SETID AND g.CLASSGROUPID = t.CLASSGROUPID
                WHERE t.STATUS = 2"""
        ):
            for week, flag in enumerate(patterns[pattern], 1):
                if flag == "1":
                    on = starts[week] + timedelta(days=day - 1)
                    times = moment(on, begins, SYDNEY), moment(on, ends, SYDNEY)
                    found[Meeting(*times, plain(title), names([room]), names([lecturer]), names([group]))] += 1
    return found


def syllabusplus(file: Path) -> Counter[Meeting]:
    """A meeting a dated row."""
    found: Counter[Meeting] = Counter()
    with closing(opened(file)) as database:
        for begins, ends, title, rooms, staff, groups in database.execute(
            """SELECT d.StartDateTime, d.EndDateTime, m.Description,
                      (SELECT group_concat(l.Name, '|') FROM V_ACTIVITY_LOCATION k JOIN V_LOCATION l ON l.Id = k.LocationId
                        WHERE k.ActivityId = a.Id),
                      (SELECT group_concat(s.Name, '|') FROM V_ACTIVITY_STAFF k JOIN V_STAFF s ON s.Id = k.StaffId
                        WHERE k.ActivityId = a.Id),
                      (SELECT group_concat(s.Name, '|') FROM V_ACTIVITY_STUDENTSET k JOIN V_STUDENTSET s ON s.Id = k.StudentSetId
                        WHERE k.ActivityId = a.Id)
                 FROM V_ACTIVITY_DATETIME d JOIN V_ACTIVITY a ON a.Id = d.ActivityId JOIN V_MODULE m ON m.Id = a.ModuleId
                WHERE a.IsScheduled = 1 AND a.IsJtaParent = 0 AND a.IsVariantParent = 0"""
        ):
            start, end = (datetime.fromisoformat(text).replace(tzinfo=SYDNEY).astimezone(UTC) for text in (begins, ends))
            sets = [names((some or "").split("|")) for some in (rooms, staff, groups)]
            found[Meeting(start, end, plain(title), *sets)] += 1
    return found


def unitime(file: Path) -> Counter[Meeting]:
    """A meeting a row of the table meeting that is of a class; ``groups`` are its courses."""
    found: Counter[Meeting] = Counter()
    with closing(opened(file)) as database:
        people: dict[int, list[str]] = defaultdict(list)
        for identity, first, last in database.execute(
            """SELECT class_id, fname, lname FROM class_instructor JOIN departmental_instructor d ON d.uniqueid = instructor_id
                 JOIN class_ c ON c.uniqueid = class_id WHERE display_instructor = 1"""
        ):
            people[identity].append(f"{first} {last}" if first else last)
        courses: dict[int, list[str]] = defaultdict(list)
        titles: dict[int, str] = {}
        for offering, subject, number, title, control in database.execute(
            """SELECT instr_offr_id, subject_area_abbreviation, course_nbr, title, is_control
                 FROM course_offering o JOIN subject_area a ON a.uniqueid = subject_area_id"""
        ):
            courses[offering].append(f"{subject} {number}")
            if control:
                titles[offering] = plain(title)
        rooms: dict[tuple[int, int], str] = {}
        for session, permanent, building, number in database.execute(
            "SELECT r.session_id, permanent_id, abbreviation, room_number FROM room r JOIN building b ON b.uniqueid = building_id"
        ):
            rooms[(session, permanent)] = f"{building} {number}"
        for day, start, before, stop, after, place, identity, offering, session in database.execute(
            """SELECT meeting_date, start_period, start_offset, stop_period, stop_offset, location_perm_id, c.uniqueid, f.instr_offr_id,
                      io.session_id
                 FROM meeting m JOIN event e ON e.uniqueid = event_id JOIN class_ c ON c.uniqueid = class_id
                 JOIN scheduling_subpart s ON s.uniqueid = subpart_id JOIN instr_offering_config f ON f.uniqueid = config_id
                 JOIN instructional_offering io ON io.uniqueid = f.instr_offr_id
                WHERE event_type = 0 AND COALESCE(approval_status, 0) NOT IN (2, 3)"""
        ):
            midnight = datetime.combine(date.fromisoformat(day[:10]), time.min)
            begins, ends = (
                (midnight + timedelta(minutes=5 * slots + (offset or 0))).replace(tzinfo=INDIANA).astimezone(UTC)
                for slots, offset in ((start, before), (stop, after))
            )
            room = rooms.get((session, place))
            found[Meeting(begins, ends, titles[offering], names([room]), names(people[identity]), names(courses[offering]))] += 1
    return found


#: By the preset's name: the database, the oracle, the zone, the period, the moment of a night before all of it.
PRODUCTS: dict[str, tuple[str, Callable[[Path], Counter[Meeting]], str, str, str]] = {
    "celcat": ("celcat.sqlite", celcat, "Australia/Sydney", "2026 S2", "2026-06-01T02:00"),
    "cmis": ("cmis.sqlite", cmis, "Australia/Sydney", "LIVE-26-27", "2026-06-01T02:00"),
    "syllabusplus": ("syllabusplus.sqlite", syllabusplus, "Australia/Sydney", "2026 S2", "2026-06-01T02:00"),
    "unitime": ("unitime-woebegon.sqlite", unitime, "America/Indiana/Indianapolis", "", "2007-08-01T02:00"),
}
