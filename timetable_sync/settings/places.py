"""Where in the TOML file a key stands, by line. tomllib tells no positions, so keys and headings are found in the text."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"^\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?P<key>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def dotted(path: Sequence[str | int]) -> str:
    """``event.rules[2].when`` for its parts; places in lists count from 1, as people do."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class Places:
    """The lines of one file's keys. A key that the environment set has the variable as its place."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._lines: dict[tuple[str | int, ...], int] = {}
        self._variables: dict[tuple[str | int, ...], str] = {}
        self._read(text)

    def set_by(self, path: tuple[str | int, ...], variable: str) -> None:
        """The environment set this key."""
        self._variables[path] = variable

    def of(self, path: Sequence[str | int]) -> str:
        """File and line, or the variable; for a key that is missing, those of the table it should stand in."""
        for length in range(len(path), 0, -1):
            at = tuple(path[:length])
            if at in self._variables:
                return self._variables[at]
            if at in self._lines:
                return f"{self._file}:{self._lines[at]}"
        return str(self._file)

    def origins(self, tables: Mapping[str, Any]) -> dict[str, str]:
        """Where each value came from, by dotted key."""
        found: dict[str, str] = {}

        def walk(value: object, path: tuple[str | int, ...]) -> None:
            if isinstance(value, Mapping):
                for key, inner in value.items():
                    walk(inner, (*path, key))
            elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
                for number, inner in enumerate(value):
                    walk(inner, (*path, number))
            else:
                found[dotted(path)] = self.of(path)

        walk(tables, ())
        return found

    def _read(self, text: str) -> None:
        table: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        quoted = ""
        for number, line in enumerate(text.splitlines(), 1):
            # Lines inside a multi-line string are no keys; what opens one is looked at first.
            if quoted:
                if quoted in line:
                    quoted = ""
                continue
            heading, key = _HEADING.match(line), _KEY.match(line)
            if heading is not None:
                table = self._numbered(_parts(heading["name"]), counts)
                if heading["open"] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                self._lines.setdefault(table, number)
            elif key is not None:
                self._lines.setdefault((*table, *_parts(key["key"])), number)
            quoted = next((quotes for quotes in ('"""', "'''") if line.count(quotes) % 2), "")

    @staticmethod
    def _numbered(parts: tuple[str, ...], counts: Mapping[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
        """A heading below an array of tables belongs to its last one."""
        path: tuple[str | int, ...] = ()
        for place, part in enumerate(parts):
            path = (*path, part)
            if path in counts and place < len(parts) - 1:
                path = (*path, counts[path])
        return path


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s][^.]*", name))
