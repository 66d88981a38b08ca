"""UniTime: dated meetings in slots of five minutes; a row a meeting and room.

meeting.uniqueid is made anew with every solution, so the class is the activity. The stop offset is minus the break. Flags are numbers
in MySQL and Oracle and BOOLEAN in PostgreSQL. A meeting that was rejected (2) or cancelled (3) is cancelled.
"""

from collections.abc import Mapping
from typing import Any

from timetable_sync.config.presets.product import Parameters, Product, sql


def _timetable(given: Parameters) -> Mapping[str, Any]:
    table, concat, is_true, text = given.dialect.table, given.dialect.concat, given.dialect.is_true, given.dialect.text
    blank = text(" ")
    term = concat("se.academic_year", blank, "se.academic_term")
    wanted = [f"{term} = {text(given.period)}"] if given.period else []
    wanted += [f"se.academic_initiative = {text(given.campus)}"] if given.campus else []
    only = f"\n             WHERE {' AND '.join(wanted)}" if wanted else ""
    course = concat("sa.subject_area_abbreviation", blank, "co.course_nbr")
    room = f"CASE WHEN r.uniqueid IS NULL THEN nul.name ELSE {concat('b.abbreviation', blank, 'r.room_number')} END"
    person = f"CASE WHEN di.fname IS NULL THEN di.lname ELSE {concat('di.fname', blank, 'di.lname')} END"
    class_in_session = f"""
              JOIN {table("scheduling_subpart")} ss ON ss.uniqueid = c.subpart_id
              JOIN {table("instr_offering_config")} ioc ON ioc.uniqueid = ss.config_id
              JOIN {table("instructional_offering")} io ON io.uniqueid = ioc.instr_offr_id
              JOIN {table("sessions")} se ON se.uniqueid = io.session_id"""
    place = f"""
              LEFT JOIN {table("room")} r ON r.permanent_id = m.location_perm_id AND r.session_id = io.session_id
              LEFT JOIN {table("building")} b ON b.uniqueid = r.building_id
              LEFT JOIN {table("non_university_location")} nul
                ON nul.permanent_id = m.location_perm_id AND nul.session_id = io.session_id"""
    query = f"""
            SELECT m.uniqueid AS meeting_id, c.uniqueid AS class_id, {term} AS term,
                   m.meeting_date, m.start_period, COALESCE(m.start_offset, 0) AS start_offset,
                   m.stop_period, COALESCE(m.stop_offset, 0) AS stop_offset, m.approval_status,
                   co.title, it.abbv AS kind, c.class_suffix AS section,
                   {room} AS room
              FROM {table("meeting")} m
              JOIN {table("event")} e ON e.uniqueid = m.event_id AND e.event_type = 0
              JOIN {table("class_")} c ON c.uniqueid = e.class_id{class_in_session}
              JOIN {table("course_offering")} co ON co.instr_offr_id = io.uniqueid AND {is_true("co.is_control")}
              LEFT JOIN {table("itype_desc")} it ON it.itype = ss.itype{place}{only}
    """
    courses = {
        "query": sql(f"""
            SELECT c.uniqueid AS class_id, {course} AS item
              FROM {table("class_")} c{class_in_session}
              JOIN {table("course_offering")} co ON co.instr_offr_id = io.uniqueid
              JOIN {table("subject_area")} sa ON sa.uniqueid = co.subject_area_id{only}
        """),
        "key": "class_id",
        "value": "item",
    }

    def instructors(value: str) -> dict[str, Any]:
        return {
            "query": sql(f"""
            SELECT c.uniqueid AS class_id, {value} AS item
              FROM {table("class_instructor")} ci
              JOIN {table("class_")} c ON c.uniqueid = ci.class_id AND {is_true("c.display_instructor")}
              JOIN {table("departmental_instructor")} di ON di.uniqueid = ci.instructor_id
            """),
            "key": "class_id",
            "value": "item",
        }

    rooms = {
        "query": sql(f"""
            SELECT m.uniqueid AS meeting_id, {room} AS item
              FROM {table("meeting")} m
              JOIN {table("event")} e ON e.uniqueid = m.event_id AND e.event_type = 0
              JOIN {table("class_")} c ON c.uniqueid = e.class_id{class_in_session}{place}{only}
        """),
        "key": "meeting_id",
        "value": "item",
    }
    return {
        "query": sql(query),
        "columns": {
            "activity": "class_id",
            "period": "term",
            "date": "meeting_date",
            "start": {"column": "start_period", "unit": "slots", "offset": "start_offset"},
            "end": {"column": "stop_period", "unit": "slots", "offset": "stop_offset"},
            "title": "title",
            "type": "kind",
            "section": "section",
            "rooms": {"column": "room", "many": True},
            "cancelled": {"column": "approval_status", "values": [2, 3]},
        },
        "children": {
            "calendars": {"courses": courses, "rooms": rooms, "staff": instructors("di.external_uid")}[given.calendars],
            "staff": instructors(person),
            "courses": courses,
        },
    }


PRODUCT = Product(
    "unitime",
    "UniTime",
    ("mysql", "postgresql", "oracle"),
    ("courses", "rooms", "staff"),
    _timetable,
    {},
    period='year and term that are read, as in "2010 Fal"; left out, all of them',
    has_campus=True,
)
