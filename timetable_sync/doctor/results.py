"""What an examination found, line by line, and the exit code that a run would have because of it. Values only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    PASS = "pass"  # noqa: S105 - a level, no password
    WARNING = "warning"
    FAILURE = "failure"


class Part(StrEnum):
    """What was looked at."""

    CONFIGURATION = "configuration"
    FILES = "files"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    TIMETABLE = "timetable"
    ROWS = "rows"
    STATE = "state"
    TOKEN = "token"  # noqa: S105 - a part, no token
    CALENDARS = "calendars"
    GUARDS = "guards"
    PROBE = "probe"
    END_OF_EWS = "EWS"


#: Of several failures, the one that a run would meet first gives its exit code.
_RUN_MEETS = (
    Part.CONFIGURATION,
    Part.FILES,
    Part.CERTIFICATE,
    Part.STATE,
    Part.TIMETABLE,
    Part.TOKEN,
    Part.CALENDARS,
    Part.GUARDS,
    Part.ROWS,
    Part.PROBE,
)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line: ``said`` is the sentence, ``advice`` what to do, ``details`` more lines for people, ``facts`` the same for programs.

    ``exit_code`` is what a run would end with because of it; 0 where it would not mind.
    """

    part: Part
    level: Level
    said: str
    advice: str = ""
    exit_code: int = 0
    details: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


def passed(part: Part, said: str, *, details: Iterable[str] = (), **facts: object) -> CheckResult:
    """All is well."""
    return CheckResult(part, Level.PASS, said, details=tuple(details), facts=facts)


def warned(part: Part, said: str, advice: str, *, details: Iterable[str] = (), **facts: object) -> CheckResult:
    """A run goes well all the same."""
    return CheckResult(part, Level.WARNING, said, advice, details=tuple(details), facts=facts)


def failed(part: Part, said: str, advice: str, exit_code: int, *, details: Iterable[str] = (), **facts: object) -> CheckResult:
    """A run would end with ``exit_code``."""
    return CheckResult(part, Level.FAILURE, said, advice, exit_code, tuple(details), facts)


def exit_code_of(findings: Iterable[CheckResult]) -> int:
    """The exit code that a run would have; 0 where nothing failed."""
    failures = [finding for finding in findings if finding.level is Level.FAILURE and finding.exit_code]
    if not failures:
        return 0
    return min(failures, key=lambda finding: _RUN_MEETS.index(finding.part)).exit_code
