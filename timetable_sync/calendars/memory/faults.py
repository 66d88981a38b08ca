"""Faults on demand, for tests: what the next calls to the memory backend get to hear instead of, or beside, an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from timetable_sync.errors import BackendError
from timetable_sync.model.change import Change

Operation = Literal["snapshot", "read_bodies", "apply", "stamp"]
Matches = Callable[[Change], bool]


@dataclass(slots=True)
class Fault:
    """One fault. ``done`` says that the work is carried out all the same, although ``error`` is what is reported."""

    operation: Operation
    error: BackendError
    calendar: str | None
    matches: Matches | None
    done: bool
    after: int
    times: int | None


class Faults:
    """Faults wait in the order they were asked for; each serves ``times`` calls (None: for ever), after letting ``after`` calls pass."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def fail(
        self,
        operation: Operation,
        error: BackendError,
        *,
        calendar: str | None = None,
        done: bool = False,
        after: int = 0,
        times: int | None = 1,
    ) -> None:
        """The next calls of ``operation`` (of one ``calendar``, by address) give ``error``.

        A reading raises it. ``apply`` gives it as every change's outcome, having done nothing; or, with ``done``, having done all
        of it: "done but reported OutcomeUnknown".
        """
        with self._lock:
            self._waiting.append(Fault(operation, error, calendar, None, done, after, times))

    def fail_changes(
        self, error: BackendError, matches: Matches, *, calendar: str | None = None, done: bool = False, times: int | None = 1
    ) -> None:
        """The next calls of ``apply`` that carry a matching change give ``error`` as the outcome of those changes; the others are done."""
        with self._lock:
            self._waiting.append(Fault("apply", error, calendar, matches, done, 0, times))

    def clear(self) -> None:
        """Forget all faults that still wait."""
        with self._lock:
            self._waiting.clear()

    def next(self, operation: Operation, calendar: str, changes: tuple[Change, ...] = ()) -> Fault | None:
        """The fault that this call meets, or None. Used by the backend."""
        with self._lock:
            for fault in self._waiting:
                if fault.operation != operation or fault.calendar not in (None, calendar):
                    continue
                if fault.matches is not None and not any(fault.matches(change) for change in changes):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                return fault
            return None
