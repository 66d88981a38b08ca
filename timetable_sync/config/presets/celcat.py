"""CELCAT Timetabler 7: pattern rows with a character a week, links with weeks of their own, the weeks' days in one wide row.

An end of midnight stands as 00:00 of the same day. Monday is 0. The weeks of CT_CONFIG need not begin on Mondays.
"""

from collections.abc import Mapping
from typing import Any

from timetable_sync.config.presets.product import Parameters, Product, sql

#: By what becomes a calendar: the link table, the table, its id, and what a value is called.
_LINKS = {
    "groups": ("CT_EVENT_GROUP", "CT_GROUP", "group_id"),
    "modules": ("CT_EVENT_MODULE", "CT_MODULE", "module_id"),
    "rooms": ("CT_EVENT_ROOM", "CT_ROOM", "room_id"),
    "staff": ("CT_EVENT_STAFF", "CT_STAFF", "staff_id"),
}


def _timetable(given: Parameters) -> Mapping[str, Any]:
    table, filled = given.dialect.table, given.dialect.filled
    query = f"""
        SELECT e.event_id, e.day_of_week, e.start_time, e.end_time, e.weeks, e.suspended,
               COALESCE({filled("e.event_name")},
                        (SELECT MIN(m.name)
                           FROM {table("CT_EVENT_MODULE")} em
                           JOIN {table("CT_MODULE")} m ON m.module_id = em.module_id
                          WHERE em.event_id = e.event_id),
                        c.name) AS title,
               c.name AS kind
          FROM {table("CT_EVENT")} e
          LEFT JOIN {table("CT_EVENT_CAT")} c ON c.event_cat_id = e.event_cat_id
    """

    def linked(what: str, value: str) -> dict[str, Any]:
        link, named, identity = _LINKS[what]
        return {
            "query": sql(f"""
                SELECT l.event_id, {value} AS item, l.weeks AS item_weeks
                  FROM {table(link)} l
                  JOIN {table(named)} n ON n.{identity} = l.{identity}
            """),
            "key": "event_id",
            "value": "item",
            "weeks": "item_weeks",
        }

    people_read = f"COALESCE({filled('n.name')}, n.unique_name)"
    return {
        "query": sql(query),
        "columns": {
            "activity": "event_id",
            "weekday": {"column": "day_of_week", "monday": 0},
            "weeks": "weeks",
            "start": "start_time",
            "end": {"column": "end_time", "overnight": "midnight"},
            "title": "title",
            "type": "kind",
            "cancelled": {"column": "suspended", "values": ["Y"]},
        },
        "weeks": {
            "form": "flags",
            "yes": "Y",
            "axis": {"query": f"SELECT * FROM {table('CT_CONFIG')}", "wide": "week{}_date"},
        },
        "children": {
            "calendars": linked(given.calendars, "n.unique_name"),
            "rooms": linked("rooms", people_read),
            "staff": linked("staff", people_read),
            "groups": linked("groups", "n.unique_name"),
            "modules": linked("modules", "n.unique_name"),
        },
    }


PRODUCT = Product("celcat", "CELCAT Timetabler 7", ("mssql", "oracle"), ("groups", "modules", "rooms", "staff"), _timetable, {})
