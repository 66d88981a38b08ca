"""Find and read the configuration: one TOML file, overridden by the environment, all errors at once."""

import re
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from timetable_sync.settings.checks import cross_check
from timetable_sync.settings.keys import KeyPath
from timetable_sync.settings.origins import origins_of
from timetable_sync.settings.overrides import override
from timetable_sync.settings.places import Places
from timetable_sync.settings.presets.applied import GIVEN, apply_preset, preset_unknown
from timetable_sync.settings.problems import ConfigurationError, ConfigurationUnreadable, Problem
from timetable_sync.settings.relative import anchored
from timetable_sync.settings.schema import Settings
from timetable_sync.settings.wording import problems_of

FILE_NAME = "timetable-sync.toml"
SYSTEM_FILE = Path("/etc/timetable-sync") / FILE_NAME
VARIABLE = "TIMETABLE_SYNC_CONFIG"

_MAKE_ONE = f"Make one: timetable-sync config example > {FILE_NAME}"
_POSITION = re.compile(r" \(at line (?P<line>\d+), column (?P<column>\d+)\)$")


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
