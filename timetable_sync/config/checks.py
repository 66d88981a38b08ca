"""Checks what no single key can tell: names that must fit together, files that must exist, and one whole way to sign in.

It looks at what was written, valid or not. A way to sign in is an application with a certificate or a secret, or a service account.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from timetable_sync.config.column_names import ALWAYS_THERE, column_faults, week_fault
from timetable_sync.config.errors import Problem
from timetable_sync.config.schema import KeyPath
from timetable_sync.config.toml_positions import Places, dotted
from timetable_sync.config.validators import nearest

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


def way_in_faults(tables: Mapping[str, Any]) -> Iterator[Finding]:
    """What is missing or does not go together under ``[entra]``, ``[ews]`` and ``[network]``, as they were read."""
    entra, ews, network = (_table(tables, name) for name in ("entra", "ews", "network"))
    sign_in = ews.get("sign_in", "entra")
    if sign_in in ("basic", "ntlm"):
        for key in ("user", "password"):
            if key not in ews:
                yield ("ews", key), f'is missing: the service account that ews.sign_in = "{sign_in}" signs in as'
        if "endpoint" not in ews:
            yield (
                ("ews", "endpoint"),
                f'is missing: ews.sign_in = "{sign_in}" is for a server on premises, https://HOST/EWS/Exchange.asmx',
            )
    elif "entra" not in tables:
        yield (
            ("entra",),
            'is missing: add it with tenant, client and certificate; or, on premises, set ews.sign_in to "ntlm" or "basic"',
        )
    else:
        yield from _of_service_accounts_only(ews)
    if "entra" in tables and isinstance(tables["entra"], Mapping):
        yield from _proof(entra)
    if "proxy_password" in network and "proxy" not in network:
        yield ("network", "proxy_password"), "stands without network.proxy"


def _proof(entra: Mapping[str, Any]) -> Iterator[Finding]:
    if "certificate" not in entra and "secret" not in entra:
        yield ("entra", "certificate"), 'is missing; write it as in: certificate = { credential = "certificate.pem" }'
    if "certificate" in entra and "secret" in entra:
        yield ("entra", "secret"), "stands beside entra.certificate: the application signs in with one of them"


def _of_service_accounts_only(ews: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("user", "password"):
        if key in ews:
            yield ("ews", key), 'is for a service account: it goes with ews.sign_in = "ntlm" or "basic"'


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, Mapping) else {}
