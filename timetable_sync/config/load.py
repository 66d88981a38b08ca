"""Finds and reads the configuration: one TOML file, overridden by the environment, all errors at once.

Relative paths in it start at its folder, wherever the command was run.
"""

import re
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from sqlalchemy.engine import make_url

from timetable_sync.config.checks import cross_check
from timetable_sync.config.environment import override
from timetable_sync.config.errors import ConfigurationError, ConfigurationUnreadable, Problem
from timetable_sync.config.messages import problems_of
from timetable_sync.config.presets.applied import GIVEN, apply_preset, preset_unknown
from timetable_sync.config.schema import KeyPath, Settings
from timetable_sync.config.toml_positions import Places, origins_of

FILE_NAME = "timetable-sync.toml"
SYSTEM_FILE = Path("/etc/timetable-sync") / FILE_NAME
VARIABLE = "TIMETABLE_SYNC_CONFIG"

_MAKE_ONE = f"Make one: timetable-sync config example > {FILE_NAME}"
_POSITION = re.compile(r" \(at line (?P<line>\d+), column (?P<column>\d+)\)$")

_REASONS = {
    "Invalid value": "what stands after = is no value; text needs quotes",
    "Invalid statement": 'this is neither [table] nor key = "value"',
    "Expected '=' after a key in a key/value pair": "a key must be followed by =",
    "Expected newline or end of document after a statement": "something stands after the value; text needs quotes around all of it",
    "Cannot overwrite a value": "this key stands here twice",
    "Unterminated string": "the quotes that begin a text are not closed",
    "Illegal character '\\n'": "the quotes that begin a text are not closed on its line",
    "Unclosed array": "a list is not closed by ]",
    "Unclosed inline table": "a table that begins with { is not closed by }",
}

#: Keys whose text may be ``file:`` and a path.
_QUERIES = frozenset({"query", "mailboxes_query"})

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used.

    ``base`` is the folder that relative paths in it start from; in ``settings`` they are absolute already. ``origins`` says by
    dotted key (``run.deadline``, ``event.rules[1].reminder``) where each value came from: ``timetable-sync.toml:12``, the
    name of an environment variable, or ``default``.
    """

    settings: Settings
    path: Path
    base: Path
    origins: Mapping[str, str]


def find_configuration(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The configuration to read: as given, as the environment says, from the working folder, or the system's.

    What is given but not there is an error, never passed over for the next place. Raises ConfigurationError.
    """
    if given is not None:
        return _existing(cwd / given, "--config")
    if environ.get(VARIABLE):
        return _existing(cwd / environ[VARIABLE], VARIABLE)
    places = (cwd / FILE_NAME, SYSTEM_FILE)
    for place in places:
        if _is_there(place):
            return place
    raise ConfigurationError(
        [Problem("", f"no configuration found; looked for --config, {VARIABLE}, ./{FILE_NAME} and {SYSTEM_FILE}")], _MAKE_ONE
    )


def to_be_named(path: Path, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """``path`` in full, if it is not what would be found without being named."""
    try:
        found = find_configuration(None, environ, cwd)
    except ConfigurationError:
        found = None
    named = (cwd / path).absolute()
    return None if found is not None and found.absolute() == named else named


def load(path: Path, environ: Mapping[str, str], *, files: bool = True) -> Loaded:
    """Read, override, validate. Raises ConfigurationError with every problem there is.

    Without ``files``, files that the configuration names need not be there; secrets are never opened here.
    """
    text = _text(path)
    tables = _tables(path, text)
    base = path.absolute().parent
    places = Places(path, text)
    problems = override(tables, environ, places)
    problems += apply_preset(tables, places)
    unknown = preset_unknown(tables)
    settings = _validated(tables, places, problems, spared=GIVEN if unknown else frozenset())
    problems += cross_check(tables, base, places, files=files, whole=not unknown)
    if settings is None or problems:
        raise ConfigurationError(sorted(problems, key=_in_order), file=path)
    return Loaded(anchored(settings, base), path, base, origins_of(settings, tables, places))


def _validated(tables: dict[str, Any], places: Places, problems: list[Problem], *, spared: Set[KeyPath]) -> Settings | None:
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        problems += problems_of(error, tables, places, spared=spared)
    return None


def _in_order(problem: Problem) -> tuple[bool, int, str]:
    """What the file says by its lines, then what the environment says."""
    _, _, line = problem.place.rpartition(":")
    return not line.isdigit(), int(line) if line.isdigit() else 0, problem.place


def _existing(path: Path, what: str) -> Path:
    if not _is_there(path):
        raise ConfigurationError([Problem(what, f"there is no file {path}")], f"Check the path. {_MAKE_ONE}")
    return path


def _is_there(path: Path) -> bool:
    """A pipe will do as well (``--config <(…)``). What may not be looked at is there; reading it tells why not."""
    try:
        return path.exists() and not path.is_dir()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationUnreadable([Problem("", f"{path} cannot be read: {error.strerror}")], "Check who may read it.", path) from None
    else:
        try:
            return content.decode("utf-8-sig")  # Windows' editors put a mark before the text.
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            problem, advice = f"is not UTF-8 text (line {line})", "Save it as UTF-8; PowerShell's > writes UTF-16."
    raise ConfigurationError([Problem("", f"{path} {problem}")], advice, path)


def _tables(path: Path, text: str) -> dict[str, Any]:
    """The file's content. The message never quotes it: a password without its quotes is a syntax error as well."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        problem = Problem(str(path), "is not TOML that can be read: it is nested too deeply")
    except tomllib.TOMLDecodeError as error:
        problem = _syntax(path, text, str(error))
    except ValueError:
        problem = Problem(str(path), "is not TOML that can be read: a number in it is too long")
    raise ConfigurationError([problem], 'Mend the line. Text stands in quotes, tables as [name], keys as key = "value".', path)


def _syntax(path: Path, text: str, said: str) -> Problem:
    found = _POSITION.search(said)
    if found is None:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        where = "at its end"
    else:
        line, column = int(found["line"]), int(found["column"])
        where = f"column {column}"
    reason = _POSITION.sub("", said).removesuffix(" (at end of document)")
    return Problem(f"{path}:{line}", f"this is not TOML, {where}: {_REASONS.get(reason, reason[:1].lower() + reason[1:])}")


def anchored(settings: Settings, base: Path) -> Settings:
    """``settings`` with every relative path made absolute from ``base``: secrets, CA bundles, report folder, query, SQLite files."""
    found = _walk(settings, base)
    return found.model_copy(
        update={
            "timetable": found.timetable.model_copy(update={"url": _sqlite(found.timetable.url, base)}),
            "state": found.state.model_copy(update={"url": _sqlite(found.state.url, base)}),
        }
    )


def _walk(model: Model, base: Path) -> Model:
    changed: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Path):
            changed[name] = base / value
        elif isinstance(value, str) and name in _QUERIES:
            changed[name] = _query(value, base)
        elif isinstance(value, BaseModel):
            changed[name] = _walk(value, base)
        elif isinstance(value, dict):
            changed[name] = {key: _walk(inner, base) if isinstance(inner, BaseModel) else inner for key, inner in value.items()}
    return model.model_copy(update=changed)


def _query(query: str, base: Path) -> str:
    return f"file:{base / query.removeprefix('file:').strip()}" if query.startswith("file:") else query


def _sqlite(url: str, base: Path) -> str:
    """SQLAlchemy has a relative file start at the working folder, which is a different one under cron and systemd.

    A file may also be given as SQLite's own URI, ``sqlite:///file:name?uri=true`` (https://www.sqlite.org/uri.html).
    """
    parsed = make_url(url)
    file = parsed.database
    if parsed.get_backend_name() != "sqlite" or not file or ":memory:" in file or parsed.query.get("mode") == "memory":
        return url
    if not file.startswith("file:"):
        placed = str(base / file)
    elif not file.startswith("file:/"):
        placed = f"file:{quote(str(base))}/{file.removeprefix('file:')}"
    else:
        placed = file
    return url if placed == file else parsed.set(database=placed).render_as_string(hide_password=False)
