"""Asks before something is taken out. Nothing goes ahead unless somebody said so: by the number, or by typing what is asked for."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from timetable_sync.errors import UsageError


@dataclass(frozen=True, slots=True)
class Question:
    """``what`` (as in "90 events in 1 calendar") would ``would``; ``more`` of it is told at the terminal, ``nothing`` if nobody agrees.

    ``names`` are the calendars', ``many`` the number of events. ``again`` is the command that goes ahead without being asked.
    """

    what: str
    would: str
    more: str
    nothing: str
    names: Sequence[str]
    many: int
    again: str


def confirm(question: Question, yes: int | None, *, asking: bool) -> None:
    """Returns where somebody agreed; ``yes`` is the number that was given for it. Raises UsageError otherwise.

    What is to be typed is the calendar's name, or the number of events where they are several calendars.
    """
    if yes is not None:
        if yes != question.many:
            advice = "Look with --dry-run, then name the number that it says."
            raise UsageError(f"--yes {yes}: it is {question.what}; {question.nothing}", advice)
        return
    if not asking or not sys.stdin.isatty():
        raise UsageError(f"{question.what} would {question.would}; not confirmed, so {question.nothing}", f"To go ahead: {question.again}")
    one = len(question.names) == 1
    wanted = question.names[0] if one else str(question.many)
    sys.stderr.write(f"{question.what} would {question.would}{question.more}\n")
    kind = "the calendar's name" if one else "the number of events"
    sys.stderr.write(f"To go ahead, type {kind} ({wanted}): ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() != wanted.casefold():
        raise UsageError(f"not confirmed: {question.nothing}")
