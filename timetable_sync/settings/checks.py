"""What no single key can tell: names that must fit together, and files that must be there. Looks at what was written, valid or not."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from timetable_sync.settings.columns import ALWAYS_THERE, column_faults, week_fault
from timetable_sync.settings.keys import KeyPath
from timetable_sync.settings.places import Places, dotted
from timetable_sync.settings.problems import Problem
from timetable_sync.settings.ways_in import way_in_faults
from timetable_sync.settings.wellformed import nearest

#: Keys of a column that mean something for one column only.
_ONLY_FOR = {
    "values": ("cancelled", "all_day"),
    "action": ("cancelled",),
    "unit": ("duration", "start", "end"),
    "slot": ("duration", "start", "end"),
    "offset": ("start", "end"),
    "overnight": ("end",),
    "monday": ("weekday",),
    "sunday": ("weekday",),
    "bits": ("weekday",),
    "names": ("weekday",),
}

Finding = tuple[KeyPath, str]


def cross_check(tables: Mapping[str, Any], base: Path, places: Places, *, files: bool = True, whole: bool = True) -> list[Problem]:
    """Every such problem of ``tables``, as they were read, before the schema has judged them: so all can be told at once.

    ``base`` is the configuration's folder. Without ``files``, nothing is looked for on disk. Where the columns are not ``whole``, as a
    preset was to give more that is not known, nothing is said of what they lack.
    """
    findings = [*_columns(tables, whole=whole), *(_rules(tables) if whole else ()), *way_in_faults(tables)]
    if files:
        findings += _files(tables, base)
    return [Problem(places.of(path), what, dotted(path)) for path, what in findings]


def _columns(tables: Mapping[str, Any], *, whole: bool) -> Iterator[Finding]:
    columns = _at(tables, "timetable", "columns")
    if not isinstance(columns, Mapping):
        return
    children, weeks = _at(tables, "timetable", "children"), _at(tables, "timetable", "weeks")
    if whole:
        yield from _lacking(columns, weeks, children)
    yield from _keys_of_columns(("timetable", "columns"), columns)
    for child, query in children.items() if isinstance(children, Mapping) else ():
        named = query.get("columns") if isinstance(query, Mapping) else None
        if isinstance(named, Mapping):
            yield from _keys_of_columns(("timetable", "children", child, "columns"), named)


def _lacking(columns: Mapping[str, Any], weeks: object, children: object) -> Iterator[Finding]:
    for fault in column_faults(columns, children if isinstance(children, Mapping) else {}):
        yield ("timetable", "columns"), fault
    if fault := week_fault(columns, weeks if isinstance(weeks, Mapping) else None, children if isinstance(children, Mapping) else None):
        table, _, what = fault.partition(" ")
        yield ("timetable", table.rpartition(".")[2]), what


def _keys_of_columns(path: KeyPath, columns: Mapping[str, Any]) -> Iterator[Finding]:
    for name, column in columns.items():
        for key, only in _ONLY_FOR.items():
            if isinstance(column, Mapping) and key in column and name not in only:
                those = only[0] if len(only) == 1 else f"{', '.join(only[:-1])} or {only[-1]}"
                yield (*path, name, key), f"means something for the column {those} alone"


def _rules(tables: Mapping[str, Any]) -> Iterator[Finding]:
    rules, columns = _at(tables, "event", "rules"), _at(tables, "timetable", "columns")
    if not isinstance(rules, list) or not isinstance(columns, Mapping):
        return
    known = [*columns, *_given_by_children(tables), *ALWAYS_THERE]
    for number, rule in enumerate(rules):
        when = rule.get("when") if isinstance(rule, Mapping) else None
        for name in when if isinstance(when, Mapping) else ():
            if name not in known:
                hint = nearest(name, known) or "; add it under [timetable.columns]"
                yield ("event", "rules", number, "when", name), f"is not one of the timetable's columns{hint}"


def _given_by_children(tables: Mapping[str, Any]) -> Iterator[str]:
    children = _at(tables, "timetable", "children")
    for name, child in children.items() if isinstance(children, Mapping) else ():
        yield name
        named = child.get("columns") if isinstance(child, Mapping) else None
        yield from named if isinstance(named, Mapping) else ()


def _files(tables: Mapping[str, Any], base: Path) -> Iterator[Finding]:
    for path, query in _queries(tables):
        if isinstance(query, str) and query.startswith("file:"):
            yield from _file(path, base, query.removeprefix("file:").strip())
    for section in ("entra", "ews"):
        bundle = _at(tables, section, "ca_bundle")
        if isinstance(bundle, str):
            yield from _file((section, "ca_bundle"), base, bundle)
    folder = _at(tables, "report", "directory")
    if isinstance(folder, str) and _possible(folder):
        yield from _folder(("report", "directory"), base / folder)


def _queries(tables: Mapping[str, Any]) -> Iterator[tuple[KeyPath, object]]:
    """Wherever one may stand."""
    yield ("timetable", "query"), _at(tables, "timetable", "query")
    yield ("calendars", "mailboxes_query"), _at(tables, "calendars", "mailboxes_query")
    for table, names in (("weeks", ("axis", "table")), ("children", None)):
        inner = _at(tables, "timetable", table)
        for name, value in inner.items() if isinstance(inner, Mapping) else ():
            if isinstance(value, Mapping) and (names is None or name in names):
                yield ("timetable", table, name, "query"), value.get("query")


def _file(path: KeyPath, base: Path, name: str) -> Iterator[Finding]:
    if not _possible(name):
        return
    file = base / name
    try:
        with file.open("rb"):
            return
    except OSError as error:
        yield path, f"names {file}, which cannot be read: {error.strerror}"


def _folder(path: KeyPath, folder: Path) -> Iterator[Finding]:
    try:
        if folder.is_file():
            yield path, f"names {folder}, which is a file and no folder"
    except OSError as error:
        # A name that the file system does not take: too long, or a loop of links.
        yield path, f"names {folder}, which cannot be a folder: {error.strerror}"


def _possible(name: str) -> bool:
    """What can be no path is the schema's finding."""
    return bool(name.strip()) and "\0" not in name


def _at(tables: Mapping[str, Any], section: str, key: str) -> object:
    table = tables.get(section)
    return table.get(key) if isinstance(table, Mapping) else None
