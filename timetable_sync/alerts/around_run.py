"""What goes around a night: a ping as it begins, then metrics, alerts and the last ping. Nothing of it ever spoils the night."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Final

import structlog

from timetable_sync.alerts.alerting import alert
from timetable_sync.alerts.channels import NotSent, Signal, ping
from timetable_sync.config.schema import Settings
from timetable_sync.errors import TimetableSyncError
from timetable_sync.metrics.textfile import write_metrics
from timetable_sync.model.window import Window
from timetable_sync.reports.summary import RunSummary, Trouble, unforeseen
from timetable_sync.reports.text import write_screen

log = structlog.stdlib.get_logger(__name__)

_ANOTHER_AT_WORK: Final = 6


class Attendant:
    """Stands by a night of ``settings``; one that is not ``wanted`` (for a dry run) does nothing.

    ``told`` is what a try before failed by, in the words of its summary's failure: people were told of that.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str], *, wanted: bool, told: str = "") -> None:
        self._settings, self._environ, self._wanted, self._told = settings, environ, wanted, told
        self._over = False

    def begun(self) -> None:
        """The night begins: nobody else is at work. One that finds another at work pings nothing at all, so that none of its pings starts a
        clock which nothing stops; the other one's tell the watchdog."""
        self._ping("start", "")

    def after(self, summary: RunSummary) -> list[str]:
        """The night is over, its reports are written. Gives what went wrong with telling of it, one line each; it is in the log too."""
        self._over = True
        if not self._wanted:
            return []
        troubles = self._quietly("the metrics were not written", lambda: write_metrics(self._settings, summary, self._environ))
        try:
            troubles += alert(self._settings, summary, datetime.now(UTC), self._environ, told=self._told)
        except TimetableSyncError as error:
            log.error("alerts failed", trouble=error.message)
            troubles.append(f"alerts could not be sent: {error.message}")
        if summary.exit_code != _ANOTHER_AT_WORK:
            text = StringIO()
            write_screen(summary, text)
            if summary.failure is not None:
                text.write(f"\n{summary.failure.message}\n")
            troubles += self._ping("fail" if summary.exit_code else "success", text.getvalue())
        return troubles

    def broke_off(self, error: BaseException) -> None:
        """The night ended by an error before it could give a summary, or by one that nobody foresaw: people are told of either."""
        if self._over or isinstance(error, (KeyboardInterrupt, SystemExit)):
            return
        trouble, code = unforeseen(error), 1
        if isinstance(error, TimetableSyncError):
            trouble, code = Trouble(error.message, error.advice), error.exit_code
        now, timetable = datetime.now(UTC), self._settings.timetable
        failed = RunSummary(None, timetable.source, now, now, Window(now, now), timetable.time_zone, dry_run=False)
        self.after(replace(failed, failure=trouble, exit_code=code))

    def _ping(self, signal: Signal, text: str) -> list[str]:
        if not self._wanted:
            return []
        return self._quietly("the ping was not sent", lambda: ping(self._settings, signal, text, self._environ))

    def _quietly(self, what: str, chore: Callable[[], None]) -> list[str]:
        try:
            chore()
        except (NotSent, TimetableSyncError) as error:
            trouble = f"{what}: {error}"
        except OSError as error:
            trouble = f"{what}: {error.strerror or error}"
        else:
            return []
        log.error(what, trouble=trouble)
        return [trouble]


@contextmanager
def attended(settings: Settings, environ: Mapping[str, str], *, wanted: bool = True, told: str = "") -> Iterator[Attendant]:
    """A night within it is attended: ``begun`` is for it to call, ``after`` once the reports are written. See :class:`Attendant`."""
    attendant = Attendant(settings, environ, wanted=wanted, told=told)
    try:
        yield attendant
    except BaseException as error:
        attendant.broke_off(error)
        raise
