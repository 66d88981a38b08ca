"""The reference of all keys as Markdown, made from the schema: what stands in docs/configuration.md."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from timetable_sync.config.column_names import KNOWN_COLUMNS
from timetable_sync.config.document import docstring
from timetable_sync.config.schema import ROOT, Key
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.columns import Child, Column
from timetable_sync.config.sections.entra import NextCertificate
from timetable_sync.config.sections.event import EventRule
from timetable_sync.config.sections.preset import Preset
from timetable_sync.config.sections.safety import Limit
from timetable_sync.config.sections.weeks import Axis, Weeks, WeekTable
from timetable_sync.config.toml_positions import effective_default
from timetable_sync.config.toml_values import toml_value

_HEAD = """\
# Configuration

One TOML file. `timetable-sync config example` prints one with every key explained; `timetable-sync config check` says what is wrong
with yours, all of it at once; `timetable-sync config show` says what is in force, and where each value came from. This page is made
from the same schema: `timetable-sync config example --format markdown`.

**Where it is looked for.** `--config FILE`, else `TIMETABLE_SYNC_CONFIG`, else `./timetable-sync.toml`, else
`/etc/timetable-sync/timetable-sync.toml`. A file that is named but not there is an error; the next place is not tried instead.

**The environment** overrides any key: `TIMETABLE_SYNC_<SECTION>__<KEY>`, with two underscores between the steps, so
`TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE=4` or `TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN__SHARE="5 %"`. Items of a list of tables are counted
from 1: `TIMETABLE_SYNC_EVENT__RULES__1__REMINDER=off`. A value is read as TOML if it is TOML that fits the key
(`'["*@groups.example.ac.uk"]'`), else as text. An empty variable takes the key out of the file, so that its default counts.
A variable with this prefix that is no key is an error, unless a secret is kept in it or Kubernetes set it for a service of that name.

**Durations** are written `"30 seconds"`, `"10 minutes"`, `"3 hours"`, `"180 days"`, `"2 weeks"`; **shares** `"10 %"`. Both stand in quotes.

**Relative paths** start at the folder that the file is in, wherever the command is typed: those of secrets, of `file:` queries, of SQLite
databases, of CA bundles and of the report folder; and so do paths that the environment gives. `~` is not understood.

**Secrets** never stand in the file; it says where they lie:

- `{ file = "secrets/key.pem" }`: in a file that only its owner can read and write (`chmod 600`). A file of root's may be readable by its
  group (`0640`), which is how root lends it to a service. Anything wider is refused, unless there are only certificates in it.
- `{ env = "TIMETABLE_DB_PASSWORD" }`: in an environment variable.
- `{ credential = "certificate-key.pem" }`: in a file of that name in `$CREDENTIALS_DIRECTORY`, which systemd provides for
  `LoadCredential=`. Its mode is not judged. A container can point the variable to `/run/secrets`.

A password in a database URL is refused. Addresses that a token is sent to must begin with `https://`, but for this very machine
(`http://127.0.0.1`, `http://localhost`, `http://[::1]`).
"""

_KINDS = {str: "text", int: "whole number", bool: "`true` or `false`", Path: "path", SecretRef: "secret", Limit: "share, or table"}


def reference() -> str:
    """The whole page."""
    parts = [_HEAD]
    for name in ROOT.names():
        key = ROOT.child(name)
        if key is not None and key.model is not None:
            parts.append(f"## [{name}]\n\n{docstring(key.model)}\n")
            parts.append(_keys(key.model))
            parts += [_further(inner) for inner in key.names() if inner in _FURTHER]
    return "\n".join(parts)


def _keys(model: type[BaseModel], needed: str = "**needed**") -> str:
    return _table(("Key", "Value", "Default", "Meaning"), _rows(Key(model), needed))


def _rows(table: Key, needed: str) -> Iterator[tuple[str, ...]]:
    for name in table.names():
        key = table.child(name)
        if key is None or key.field is None:
            continue
        default = needed if key.field.is_required() else _default(effective_default(key.field))
        yield f"`{name}`", _kind(key), default, key.field.description or ""


def _default(value: object) -> str:
    return "not set" if value is None else f"`{toml_value(value)}`"


def _kind(key: Key) -> str:
    """A key's type in a few words."""
    extra = key.field.json_schema_extra if key.field is not None else None
    if unit := extra.get("unit") if isinstance(extra, dict) else _unit(key.annotation):
        return str(unit)
    if key.choices:
        return ", ".join(f"`{toml_value(choice)}`" for choice in key.choices)
    if key.listed:
        item = key.child(0)
        return "list of tables" if item is not None and item.model is not None else "list of texts"
    if key.free or (key.model is not None and key.model not in _KINDS):
        return "text, or table" if getattr(key.model, "shorthand", "") else "table"
    kind = _KINDS.get(key.bare, "text")
    limits = key.field.metadata if key.field is not None else []
    least, most = ([getattr(limit, name) for limit in limits if hasattr(limit, name)] for name in ("ge", "le"))
    return f"{kind}, {least[0]} to {most[0]}" if least and most else kind


def _unit(annotation: Any) -> str | None:
    """The unit that a quantity's type carries."""
    for part in get_args(annotation):
        if isinstance(part, FieldInfo) and isinstance(part.json_schema_extra, dict) and "unit" in part.json_schema_extra:
            return str(part.json_schema_extra["unit"])
        if (found := _unit(part)) is not None:
            return found
    return None


def _further(name: str) -> str:
    heading, text, rows = _FURTHER[name]
    return f"### {heading}\n\n{text}\n\n{rows()}"


def _columns() -> str:
    names = _table(
        ("Column", "Example", "Meaning"),
        ((f"`{name}`", f"`{toml_value(written)}`", said) for name, (said, written) in KNOWN_COLUMNS.items()),
    )
    return f"{names}\nA column is written as its name, or as a table of these keys:\n\n{_keys(Column)}"


def _preset() -> str:
    return _keys(Preset)


def _weeks() -> str:
    return (
        f"{_keys(Weeks)}\naxis is a day - the one that the first week begins on - or a table of these keys:\n\n{_keys(Axis)}"
        f"\ntable has these:\n\n{_keys(WeekTable)}"
    )


_FURTHER = {
    "preset": ("timetable.preset", f"{docstring(Preset)} Written as the product's name, or as a table of these keys:", _preset),
    "weeks": ("[timetable.weeks]", docstring(Weeks), _weeks),
    "children": ("[timetable.children.NAME]", docstring(Child), lambda: _keys(Child)),
    "columns": (
        "[timetable.columns]",
        "Needed are calendar (or a child query of calendars), start, end or duration (or date alone), title, and activity or key. "
        "Any further name is there for templates and rules.",
        _columns,
    ),
    "next": ("[entra.next]", docstring(NextCertificate), lambda: _keys(NextCertificate)),
    "rules": ("[[event.rules]]", docstring(EventRule), lambda: _keys(EventRule)),
    "deletes_in_run": (
        "A limit of deletes",
        'A share alone, as in `"10 %"`, or a table of these keys. What it leaves out is as in the default.',
        lambda: _keys(Limit, needed="as the guard's"),
    ),
}


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
