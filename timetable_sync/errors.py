"""What can go wrong by itself, as one small tree: what happened, where, and what to do next.

    TimetableSyncError          exit code
    +-- UsageError                  2       a command line or configuration that cannot be used
    |   +-- Unreadable                      a file that it names cannot be read now
    +-- CredentialsRefused          3       a certificate, key or token that is not accepted
    +-- TimetableUnusable           4       database down, missing column, a query that fails
    +-- StateUnusable               2       state database down, or of another version
    +-- AnotherRunAtWork            6       the lease is held
    +-- LeaseLost                   6       the lease was taken over while we worked
    +-- AlreadyRun                  6       this night was run, by another daemon
    +-- Stopped                     1       asked to stop before anything was written
    +-- BackendError                1       a calendar service's answer, judged by its backend
        +-- TransientError                  goes away by itself: wait, then try again
        +-- OutcomeUnknown                  sent, and nobody knows if it was done: read before trying again
        +-- ConflictError                   the item is not what it was when it was read: read it again
        +-- EventRejected                   this one event; the calendar's others go on
        +-- CalendarError                   lasts for this calendar; the others go on
        +-- ServiceError                    the whole run ends (exit 1, or 3 when it wraps refused credentials)

Every message is one line that names what and where; ``advice`` is one line that says what to do next.
The command line (``cli``) is the one place that turns these into text and an exit code. A person never
sees a traceback for any of them. No message or advice ever carries a secret.
"""

from typing import Literal


class TimetableSyncError(Exception):
    """Base of all of ours.

    ``message`` says what happened and where, in one line; ``advice`` what to do next, or is empty.
    """

    exit_code: int = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(TimetableSyncError):
    """The command line or the configuration cannot be used."""

    exit_code = 2


class Unreadable(UsageError):
    """A file that is needed, the configuration's own or one with a secret, cannot be read now. That may pass: who can wait tries again."""


class CredentialsRefused(TimetableSyncError):
    """A certificate, key, passphrase or token is unusable or was refused."""

    exit_code = 3


class TimetableUnusable(TimetableSyncError):
    """The timetable could not be read completely; nothing may be concluded from what was read."""

    exit_code = 4


class StateUnusable(TimetableSyncError):
    """The state database cannot be reached, or its schema does not fit this version."""

    exit_code = 2


class AnotherRunAtWork(TimetableSyncError):
    """Another run holds the lease."""

    exit_code = 6


class LeaseLost(TimetableSyncError):
    """Our lease expired and was taken over while we were at work: nothing more may be written."""

    exit_code = 6


class AlreadyRun(TimetableSyncError):
    """The start of the schedule that a night was for has had its night meanwhile: nothing is left to do."""

    exit_code = 6


class Stopped(TimetableSyncError):
    """We were asked to stop before anything was written."""


class BackendError(TimetableSyncError):
    """An error of a calendar service, already judged by its backend: nobody else looks at a vendor's error class."""


class TransientError(BackendError):
    """Goes away by itself.

    ``wait`` is the service's own hint in seconds, or None where it gave none.
    ``scope`` says whom the hint concerns: this calendar's mailbox, or every request to the service.
    ``busy`` that the service has had enough of requests: whose they were, it does not say, so that all hold back.
    """

    def __init__(
        self,
        message: str,
        advice: str = "",
        *,
        wait: float | None = None,
        scope: Literal["calendar", "service"] = "calendar",
        busy: bool = False,
    ) -> None:
        super().__init__(message, advice)
        self.wait = wait
        self.busy = busy
        self.scope: Literal["calendar", "service"] = scope


class OutcomeUnknown(BackendError):
    """The request was sent and may or may not have been carried out (a 503, a dropped connection, a time-out).

    Never repeat a create after this one before the calendar was read again and the marker looked for.
    ``wait`` and ``busy`` as in :class:`TransientError`. ``unanswered`` says that no answer came of the one that does the work: it may still
    be at it, and carry the request out later.
    """

    def __init__(self, message: str, advice: str = "", *, wait: float | None = None, busy: bool = False, unanswered: bool = False) -> None:
        super().__init__(message, advice)
        self.wait = wait
        self.busy = busy
        self.unanswered = unanswered


class ConflictError(BackendError):
    """The item changed or vanished since it was read; read it again before deciding anew. ``gone`` says that it is not there any more."""

    def __init__(self, message: str, advice: str = "", *, gone: bool = False) -> None:
        super().__init__(message, advice)
        self.gone = gone


class EventRejected(BackendError):
    """The service refuses this one event for a reason that lasts."""


class CalendarError(BackendError):
    """Lasts for this calendar: no such mailbox, no access, disabled. ``gone`` says that there is no such mailbox.

    ``passing`` that it may be there or not: what failed passes, and was waited for long enough.
    """

    def __init__(self, message: str, advice: str = "", *, gone: bool = False, passing: bool = False) -> None:
        super().__init__(message, advice)
        self.gone = gone
        self.passing = passing


class ServiceError(BackendError):
    """Concerns every calendar: the application is blocked, credentials are refused, or the server is not one.

    ``exit_code`` is 3 where credentials were refused.
    """

    def __init__(self, message: str, advice: str = "", *, credentials: bool = False) -> None:
        super().__init__(message, advice)
        if credentials:
            self.exit_code = 3
