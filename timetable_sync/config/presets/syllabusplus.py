"""Syllabus Plus, by its reporting database: dated rows, and link tables for locations, staff, student sets and modules.

Children are published, and not the parents of jointly taught activities and of variants; what is not scheduled is no lesson.
"""

from collections.abc import Mapping
from typing import Any

from timetable_sync.config.presets.product import Parameters, Product, sql

#: The link table, the table, and the link's column.
_LINKS = {
    "groups": ("V_ACTIVITY_STUDENTSET", "V_STUDENTSET", "StudentSetId"),
    "modules": ("V_ACTIVITY_MODULE", "V_MODULE", "ModuleId"),
    "rooms": ("V_ACTIVITY_LOCATION", "V_LOCATION", "LocationId"),
    "staff": ("V_ACTIVITY_STAFF", "V_STAFF", "StaffId"),
}


def _timetable(given: Parameters) -> Mapping[str, Any]:
    table, filled = given.dialect.table, given.dialect.filled

    def linked(what: str, value: str = "n.Name") -> dict[str, Any]:
        link, named, identity = _LINKS[what]
        return {
            "query": sql(f"""
                SELECT l.ActivityId AS activity_id, {value} AS item
                  FROM {table(link)} l
                  JOIN {table(named)} n ON n.Id = l.{identity}
            """),
            "key": "activity_id",
            "value": "item",
        }

    return {
        "query": sql(f"""
            SELECT a.Id AS activity_id, d.StartDateTime AS starts_at, d.EndDateTime AS ends_at,
                   COALESCE({filled("m.Description")}, {filled("m.Name")}, a.Name) AS title,
                   a.Name AS activity_name, t.Name AS kind
              FROM {table("V_ACTIVITY")} a
              JOIN {table("V_ACTIVITY_DATETIME")} d ON d.ActivityId = a.Id
              LEFT JOIN {table("V_MODULE")} m ON m.Id = a.ModuleId
              LEFT JOIN {table("V_ACTIVITYTYPE")} t ON t.Id = a.ActivityTypeId
             WHERE a.IsScheduled <> 0
               AND COALESCE(a.IsJtaParent, 0) = 0
               AND COALESCE(a.IsVariantParent, 0) = 0
        """),
        "columns": {
            "activity": "activity_id",
            "start": "starts_at",
            "end": "ends_at",
            "title": "title",
            "type": "kind",
            "name": "activity_name",
        },
        "children": {
            "calendars": linked(given.calendars),
            "rooms": linked("rooms"),
            "staff": linked("staff"),
            "groups": linked("groups"),
            "modules": linked("modules"),
        },
    }


PRODUCT = Product(
    "syllabusplus",
    "Syllabus Plus (reporting database)",
    ("mssql", "oracle"),
    ("groups", "modules", "rooms", "staff"),
    _timetable,
    {"mssql": "rdowner", "oracle": "rdowner"},
)
