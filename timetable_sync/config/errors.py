"""What is wrong with a configuration: each finding with its place and its key, all of them in one error. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from timetable_sync.errors import Unreadable, UsageError

_ADVICE = "Every key with its meaning: timetable-sync config example"


@dataclass(frozen=True, slots=True)
class Problem:
    """``place`` is a file with its line, a variable or an option, or empty. ``key`` is dotted, or empty.

    ``what`` goes on after the key: "must be at most 64, not 100". Neither ever holds a secret.
    """

    place: str
    what: str
    key: str = ""

    def line(self, file: Path | None = None) -> str:
        """As one line. Where ``file`` is the one that is spoken of, its line is named and not the whole path again."""
        place = self.place
        if file is not None:
            place = "" if place == str(file) else f"line {place[len(str(file)) + 1 :]}" if place.startswith(f"{file}:") else place
        sentence = f"{self.key} {self.what}" if self.key else self.what
        return _printable(f"{place}: {sentence}" if place else sentence)


class ConfigurationError(UsageError):
    """The configuration cannot be used. ``problems`` are all that was found; the message has one line for each.

    ``file`` is the configuration's path, where there is one.
    """

    def __init__(self, problems: Sequence[Problem], advice: str = "", file: Path | None = None) -> None:
        self.problems = tuple(problems)
        if len(problems) == 1:
            message = problems[0].line()
        else:
            where = "the configuration" if file is None else _printable(str(file))
            message = "\n  ".join([f"{len(problems)} problems in {where}:", *(problem.line(file) for problem in problems)])
        super().__init__(message, advice or _ADVICE)


class ConfigurationUnreadable(ConfigurationError, Unreadable):
    """The configuration's file cannot be read now."""


def _printable(text: str) -> str:
    """Nothing that breaks a line or a terminal: keys, variables and paths may be made of anything."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)
