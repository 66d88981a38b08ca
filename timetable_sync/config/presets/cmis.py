"""Facility CMIS: the entries of one slot complement each other; weeks by a table of week patterns; blanks where there is nothing.

SLOTID is the event; the first of its entries has its time. STATUS 2 is confirmed, 3 cancelled. Every table has the set (SETID) in
its key. Which number Monday has is the site's choice: 1, unless the column weekday is given anew.
"""

from collections.abc import Mapping
from typing import Any

from timetable_sync.config.presets.product import Parameters, Product, sql

#: What is published: neither requests nor drafts. Bookings and examinations come from other sources than TEACH.
_PUBLISHED = "{alias}.STATUS IN (2, 3) AND COALESCE({alias}.SOURCESID, 'TEACH') = 'TEACH'"


def _timetable(given: Parameters) -> Mapping[str, Any]:
    table, filled = given.dialect.table, given.dialect.filled
    period = given.dialect.text(given.period)

    def of_set(alias: str) -> str:
        # RTRIM, as SETID is CHAR in some and VARCHAR in other databases.
        return f"RTRIM({alias}.SETID) = {period}"

    published = _PUBLISHED.format(alias="t")
    query = f"""
        SELECT t.SLOTID AS slot_id, t.WEEKDAY AS day_no, t.STARTTIME AS start_time, t.DURATION AS minutes, t.WEEKID AS week_id,
               t.STATUS AS slot_status,
               COALESCE({filled("m.NAME")},
                        (SELECT MIN(n.NAME)
                           FROM {table("TIMETABLE")} x
                           JOIN {table("MODULE")} n ON n.SETID = x.SETID AND n.MODULEID = x.MODULEID
                          WHERE x.SETID = t.SETID AND x.SLOTID = t.SLOTID)) AS title,
               c.NAME AS kind
          FROM {table("TIMETABLE")} t
          LEFT JOIN {table("MODULE")} m
            ON m.SETID = t.SETID AND m.MODULEID = t.MODULEID AND m.INSTID = t.INSTID
          LEFT JOIN {table("CLASSIFICATIONS")} c
            ON c.SETID = t.SETID AND c.CLASSID = t.MODULETYPE AND RTRIM(c.TYPE) = 'MOD_TYPE'
         WHERE {of_set("t")}
           AND {published}
           AND t.SLOTENTRY = (SELECT MIN(x.SLOTENTRY)
                                FROM {table("TIMETABLE")} x
                               WHERE x.SETID = t.SETID AND x.SLOTID = t.SLOTID AND {_PUBLISHED.format(alias="x")})
    """

    def entries(value: str, join: str = "") -> dict[str, Any]:
        return {
            "query": sql(f"""
                SELECT t.SLOTID AS slot_id, t.WEEKID AS item_weeks, {value} AS item
                  FROM {table("TIMETABLE")} t{join}
                 WHERE {of_set("t")}
                   AND {published}
                   AND {filled(value)} IS NOT NULL
            """),
            "key": "slot_id",
            "value": "item",
            "weeks": "item_weeks",
        }

    def joined(name: str, *columns: str) -> str:
        return f"\n                  LEFT JOIN {table(name)} n ON " + " AND ".join(
            f"n.{column} = t.{column}" for column in ("SETID", *columns)
        )

    children = {
        "groups": entries(f"COALESCE({filled('n.NAME')}, t.CLASSGROUPID)", joined("CLASSGRPS", "CLASSGROUPID")),
        "rooms": entries(f"COALESCE({filled('n.NAME')}, t.ROOMID)", joined("ROOMS", "SITEID", "ROOMID")),
        "staff": entries(f"COALESCE({filled('n.NAME')}, t.LECTURERID)", joined("LECTURER", "LECTURERID")),
        "modules": entries("t.MODULEID"),
    }
    calendars = {**children, "rooms": entries("t.ROOMID"), "staff": entries("t.LECTURERID")}[given.calendars]
    return {
        "query": sql(query),
        "columns": {
            "activity": "slot_id",
            "weekday": {"column": "day_no", "monday": 1},
            "weeks": "week_id",
            "start": "start_time",
            "duration": {"column": "minutes", "unit": "minutes"},
            "title": "title",
            "type": "kind",
            "cancelled": {"column": "slot_status", "values": [3]},
        },
        "weeks": {
            "form": "table",
            "table": {
                "query": f"SELECT w.WEEKID AS week_id, w.WEEKNUMBER AS week_no FROM {table('WEEKMAPNUMERIC')} w WHERE {of_set('w')}",
                "id": "week_id",
                "week": "week_no",
            },
            "axis": {
                "query": f"SELECT w.WEEKNUMBER AS week_no, w.STARTDATE AS start_date FROM {table('WEEKSTRUCTURE')} w WHERE {of_set('w')}",
                "number": "week_no",
                "date": "start_date",
            },
        },
        "children": {"calendars": calendars, **children},
    }


PRODUCT = Product(
    "cmis",
    "Facility CMIS",
    ("oracle", "mssql"),
    ("groups", "modules", "rooms", "staff"),
    _timetable,
    {},
    period="the set (SETID) that is read, as in LIVE-26-27",
    period_needed=True,
)
