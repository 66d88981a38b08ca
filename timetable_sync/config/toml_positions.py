"""Tells where each value of the configuration comes from: a line of the TOML file, a variable, or the default.

tomllib tells no positions. Only what tomllib has found to be TOML is read here.
"""

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from timetable_sync.config.schema import KeyPath, Settings, holds, key_at

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_ENDS = re.compile(r"[,\]}#\n]|$")
#: A string of any of TOML's four kinds. Up to two quotes may stand before the three that close a long one.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'",
    re.DOTALL,
)


def dotted(path: Sequence[str | int]) -> str:
    """``event.rules[2].when`` for its parts; places in lists count from 1, as people do."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{name}" if text else name
    return text


class Places:
    """The lines of one file's keys. A key that the environment set has the variable as its place."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._lines = lines_of(text)
        self._variables: dict[tuple[str | int, ...], str] = {}

    def set_by(self, path: Sequence[str | int], variable: str) -> None:
        """The environment set this key: what the file says at it and below no longer counts."""
        at = tuple(path)
        self._lines = {known: line for known, line in self._lines.items() if known[: len(at)] != at}
        self._variables[at] = variable

    def of(self, path: Sequence[str | int], *, short: bool = False) -> str:
        """File and line, or the variable; for a key that is missing, those of the table it should stand in.

        ``short`` names the file without its folder.
        """
        file = self._file.name if short else str(self._file)
        for length in range(len(path), 0, -1):
            at = tuple(path[:length])
            if at in self._variables:
                return self._variables[at]
            if at in self._lines:
                return f"{file}:{self._lines[at]}"
        return file


def lines_of(text: str) -> dict[tuple[str | int, ...], int]:
    """The line (from 1) on which each key, table and list item begins, in a text that tomllib takes."""
    reader = _Reader(text.replace("\r\n", "\n"))
    with suppress(RecursionError):  # What is nested that deeply is no key of ours; the lines above it are known.
        reader.document()
    return reader.lines


class _Reader:
    """Walks through TOML without judging it: that was tomllib's part."""

    def __init__(self, text: str) -> None:
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._counts: dict[tuple[str | int, ...], int] = {}

    def document(self) -> None:
        table: tuple[str | int, ...] = ()
        self._blank()
        while self._at < len(self._text):
            before = self._at
            if self._text.startswith("[", self._at):
                table = self._heading()
            else:
                self._pair(table)
            self._blank()
            if self._at == before:
                return  # Nothing that is TOML: better no line than no end.

    def _heading(self) -> tuple[str | int, ...]:
        begin = self._at
        many = self._text.startswith("[[", begin)
        self._at += 2 if many else 1
        path: tuple[str | int, ...] = ()
        names = self._names()
        for place, name in enumerate(names):
            path = (*path, name)
            if path in self._counts and (not many or place < len(names) - 1):
                path = (*path, self._counts[path])  # Below a list of tables, its last one is meant.
            self._note(path, begin)
        if many:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
            self._note(path, begin)
        self._skip("]]" if many else "]")
        return path

    def _pair(self, table: tuple[str | int, ...]) -> None:
        begin = self._at
        path = table
        for name in self._names():
            path = (*path, name)
            self._note(path, begin)
        self._skip("=")
        self._value(path)

    def _value(self, path: tuple[str | int, ...]) -> None:
        self._blank()
        if (string := _STRING.match(self._text, self._at)) is not None:
            self._at = string.end()
        elif self._text.startswith("[", self._at):
            self._within("]", path, numbered=True)
        elif self._text.startswith("{", self._at):
            self._within("}", path, numbered=False)
        elif (end := _ENDS.search(self._text, self._at)) is not None:
            self._at = end.start()

    def _within(self, end: str, path: tuple[str | int, ...], *, numbered: bool) -> None:
        self._at += 1
        number = 0
        self._blank()
        while self._at < len(self._text) and not self._text.startswith(end, self._at):
            before = self._at
            if numbered:
                self._note((*path, number), self._at)
                self._value((*path, number))
            else:
                self._pair(path)
            self._blank()
            self._skip(",")
            self._blank()
            number += 1
            if self._at == before:
                return
        self._skip(end)

    def _names(self) -> list[str]:
        names: list[str] = []
        while True:
            self._blank()
            quoted, bare = _STRING.match(self._text, self._at), _BARE.match(self._text, self._at)
            found = quoted or bare
            if found is None:
                return names
            names.append(tomllib.loads(f"it = {found[0]}")["it"] if found is quoted else found[0])
            self._at = found.end()
            self._blank()
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _blank(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = self._at if found is None else found.end()

    def _skip(self, sign: str) -> None:
        self._blank()
        if self._text.startswith(sign, self._at):
            self._at += len(sign)

    def _note(self, path: tuple[str | int, ...], at: int) -> None:
        self.lines.setdefault(path, bisect_right(self._starts, at))


DEFAULT = "default"


def effective(settings: Settings) -> dict[str, Any]:
    """The settings as plain values: durations and shares as people write them, secrets as references. Unset keys are None."""
    return settings.model_dump(mode="json")


def effective_default(field: FieldInfo) -> Any:
    """A key's default as plain values, as people write it; None where there is none."""
    default = field.get_default(call_default_factory=True)
    # Unset parts of a default are left out: nobody would write them.
    return TypeAdapter(field.rebuild_annotation()).dump_python(default, mode="json", exclude_none=True)


def leaves(node: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value with its path. Lists of plain values, and empty ones, are values themselves."""
    if isinstance(node, Mapping):
        for name, inner in node.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(node, list) and any(isinstance(inner, Mapping) for inner in node):
        for number, inner in enumerate(node):
            yield from leaves(inner, (*path, number))
    else:
        yield path, node


def origins_of(settings: Settings, tables: Mapping[str, Any], places: Places) -> dict[str, str]:
    """By dotted key. ``tables`` is what file and environment said together."""
    return {dotted(path): places.of(path, short=True) if _said(tables, path) else DEFAULT for path, _ in leaves(effective(settings))}


def _said(tables: Any, path: KeyPath) -> bool:
    """Whether the value at ``path`` was given, and be it by a text that stands for a whole table."""
    node: Any = tables
    for place, part in enumerate(path):
        if not holds(node, part):
            key = key_at(path[:place])
            return isinstance(node, str) and key is not None and part == getattr(key.model, "shorthand", None)
        node = node[part]
    return True
