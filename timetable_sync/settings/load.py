"""Find and read the configuration: one TOML file, overridden by the environment, all errors at once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from timetable_sync.settings.checks import cross_check
from timetable_sync.settings.overrides import override
from timetable_sync.settings.places import Places
from timetable_sync.settings.problems import ConfigurationError, Problem, problems_of
from timetable_sync.settings.relative import anchored
from timetable_sync.settings.schema import Settings

FILE_NAME = "timetable-sync.toml"
SYSTEM_FILE = Path("/etc/timetable-sync") / FILE_NAME
VARIABLE = "TIMETABLE_SYNC_CONFIG"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used.

    ``base`` is the folder that relative paths in it start from. ``origins`` says by dotted key where each value that is not
    a default came from.
    """

    settings: Settings
    path: Path
    base: Path
    origins: Mapping[str, str]


def find_configuration(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The configuration to read: as given, as the environment says, from the working folder, or the system's. Raises ConfigurationError."""
    if given is not None:
        return _existing(given, "--config")
    if environ.get(VARIABLE):
        return _existing(Path(environ[VARIABLE]), VARIABLE)
    places = (cwd / FILE_NAME, SYSTEM_FILE)
    for place in places:
        if place.is_file():
            return place
    raise ConfigurationError(
        [Problem("", f"no configuration found; looked for --config, {VARIABLE}, ./{FILE_NAME} and {SYSTEM_FILE}")],
        f"Make one: timetable-sync config example > {FILE_NAME}",
    )


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """Read, override, validate. Raises ConfigurationError with every problem there is."""
    text = _text(path)
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Problem(str(path), f"this is not TOML: {error}")], "Mend the line; strings need quotes.") from None
    places = Places(path, text)
    base = path.resolve().parent
    problems = override(tables, environ, places)
    try:
        settings = Settings.model_validate(tables)
    except ValidationError as error:
        raise ConfigurationError(problems + problems_of(error, places)) from None
    settings = anchored(settings, base)
    problems += cross_check(settings, base, places)
    if problems:
        raise ConfigurationError(problems)
    return Loaded(settings, path, base, places.origins(tables))


def _existing(path: Path, what: str) -> Path:
    if not path.is_file():
        raise ConfigurationError([Problem(what, f"{path} is not there")], "Check the path, or make one: timetable-sync config example")
    return path


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError([Problem(str(path), f"cannot be read: {error.strerror}")], "Check who may read it.") from None
    except UnicodeDecodeError:
        raise ConfigurationError([Problem(str(path), "this is not UTF-8 text")], "Save it as UTF-8.") from None
