"""Stamps asked for while timetable and ledger are still being read: the service answers meanwhile, and neither waits for the other.

A stamp taken early is only older than one taken later. It says that nothing changed up to then; what changes afterwards, also
before the comparison, has a later sign and shows the next night (``planning/change_detection.py``). Nothing is decided
here, and nothing written: whoever could not be asked, or gave no answer at the first try, is asked in its turn, with patience.
"""

import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from timetable_sync.apply.retry import Attempts, Retrier, RunInterrupted
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import CalendarError, ConflictError, EventRejected, OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.last_full_read import CTag

#: Seconds. Reading the timetable keeps the interpreter to itself, and each step of a request would wait for it as long as the
#: interpreter's own 5 ms: https://docs.python.org/3/library/sys.html#sys.setswitchinterval
_SWITCH = 0.0005


class Prefetch:
    """A context: threads ask for the stamps of ``calendars``, in their order, until it is left or :meth:`settle` is called."""

    def __init__(self, backend: Backend, calendars: Iterable[Calendar], patience: Retrier, at_once: int) -> None:
        self._backend = backend
        self._patience = patience
        self._left = deque(calendars)
        self._over = threading.Event()
        self._found: dict[str, CTag | None] = {}
        self._broken: list[BaseException] = []
        threads = min(at_once, len(self._left))
        self._threads = [threading.Thread(target=self._work, name=f"ahead_{number}") for number in range(threads)]
        self._switch = sys.getswitchinterval()

    def __enter__(self) -> Self:
        if self._threads:
            sys.setswitchinterval(min(_SWITCH, self._switch))
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            # The system gives no more threads, and nobody leaves what was not entered.
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def settle(self) -> Mapping[str, CTag | None]:
        """No further stamp is asked for. Gives those that came, by address; None where the calendar has none to give.

        Raises what ended the asking, where that ends the run (ServiceError, LeaseLost, RunInterrupted, …).
        """
        self._end()
        if self._broken:
            # The others may have been cut short by it.
            raise next((error for error in self._broken if not isinstance(error, RunInterrupted)), self._broken[0])
        return self._found

    def _end(self) -> None:
        self._over.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        if self._threads:
            sys.setswitchinterval(self._switch)
            self._threads = []

    def _work(self) -> None:
        while not self._over.is_set():
            if (held := self._patience.held()) > 0:
                self._over.wait(held)
                continue
            try:
                calendar = self._left.popleft()
            except IndexError:
                return
            try:
                self._ask(calendar)
            except BaseException as error:
                self._broken.append(error)
                self._over.set()

    def _ask(self, calendar: Calendar) -> None:
        """One try."""
        with self._patience.turn(Attempts()) as turn:
            try:
                stamp = self._backend.stamp(calendar)
            except (TransientError, OutcomeUnknown) as error:
                self._patience.came(turn, error)
                self._patience.put_off(error)
                if isinstance(error, TransientError) and error.scope == "service" and not error.busy:
                    # Nobody can be reached: that is waited for by those who have a reason to.
                    self._over.set()
                return
            except (CalendarError, EventRejected, ConflictError) as error:
                self._patience.came(turn, error)
                stamp = None
            else:
                self._patience.came(turn, None)
        self._found[calendar.address] = stamp
