"""After a run: what is to be told is put on record, then sent, then recorded as told. So a crash in between repeats, and never loses."""

import socket
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from timetable_sync.alerts.channels import Channel, NotSent, channels
from timetable_sync.alerts.conditions import FAILED, judged_by, of_run, of_summary
from timetable_sync.alerts.lifecycle import News, Recorded, after_runs, due, headline, reckoned, released, settled, told
from timetable_sync.alerts.message import Attachment, Circumstances, Message, compose
from timetable_sync.config.schema import Settings
from timetable_sync.errors import StateUnusable, TimetableSyncError, UsageError
from timetable_sync.reports import archive
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.reports.notices import forgotten
from timetable_sync.reports.render import render
from timetable_sync.reports.summary import RunSummary
from timetable_sync.reports.text import figure_lines
from timetable_sync.reports.text import headline as headline_of
from timetable_sync.reports.totals import count
from timetable_sync.state.run_records import Matter, RunRecord
from timetable_sync.state.store import State, open_state

log = structlog.stdlib.get_logger(__name__)

#: Under this name the number of the last run that was reckoned is noted, and with a channel's name the time of its last digest.
REACHED = "told up to run"
DIGEST = "digest "

_EVERY = {"nightly": timedelta(0), "weekly": timedelta(days=6, hours=18)}
#: A bigger report is not mailed.
_LARGEST = 5_000_000
_UNRECORDED = (
    "The state database cannot be used, so nobody can remember that you were told: this may be said again by the next run,\n"
    "and its end will not be said."
)


def alert(settings: Settings, summary: RunSummary, now: datetime, environ: Mapping[str, str], *, told: str = "") -> list[str]:
    """Tell whoever is to be told of this run; gives what went wrong with that, in one line each. ``now`` is aware.

    A run that found another one at work tells nothing: the other one will. ``told`` is the failure that people were told of already, which
    counts where nobody can look that up.
    """
    ways = channels(settings, environ)
    if not ways or summary.exit_code == 6:
        return []
    try:
        with open_state(settings.state, environ=environ) as state:
            return _from_state(settings, state, summary, ways, now)
    except (StateUnusable, UsageError) as error:
        log.warning("alerts without the state database", error=error.message)
        if told and summary.failure is not None and summary.failure.message == told:
            return []
        return _without_state(settings, summary, ways, now)


def _from_state(settings: Settings, state: State, summary: RunSummary, ways: Sequence[Channel], now: datetime) -> list[str]:
    source, alerts = summary.source, settings.alerts
    matters = _brought_up_to_date(state, summary, now)
    troubles = []
    for way in ways:
        news = due(matters, way.name, alerts.on, now, alerts.remind)
        nights = _digest(settings, state, way.name, now)
        news = News(news.new, news.again, news.over, news.open, nights)
        if not news.worth_sending and not _forgot(summary, alerts.on):
            continue
        if (trouble := _send(settings, summary, way, news)) is not None:
            troubles.append(trouble)
            continue
        matters = told(matters, way.name, news, now)
        state.matters.keep(source, matters, {} if nights is None else {DIGEST + way.name: now.isoformat()})
        log.info("alert sent", channel=way.name, new=len(news.new), over=len(news.over))
    rest = settled(matters, [way.name for way in ways], alerts.on)
    if rest != matters:
        state.matters.keep(source, rest)
    return troubles


def _brought_up_to_date(state: State, summary: RunSummary, now: datetime) -> list[Matter]:
    """The matters after every run that nobody has reckoned yet, this one included; on record before anything is sent."""
    source = summary.source
    known = state.matters.known(source)
    reached = state.matters.note(source, REACHED)
    last = state.last_run(source)
    if reached is None:
        # The first time: what happened before anybody wanted to be told is nobody's news.
        reached = str((summary.run or (last.id + 1 if last else 1)) - 1)
    runs = []
    for run in state.recorded.runs_after(source, int(reached)):
        if run.id == summary.run and run.finished is None:
            # Its end could not be recorded; it knows better than its record what became of it.
            runs.append(Recorded(run, tuple(of_summary(summary, now))))
            continue
        calendars, verdicts = state.run_calendars(run.id), state.run_verdicts(run.id)
        runs.append(Recorded(run, tuple(of_run(run, calendars, verdicts, now)), judged_by(run)))
    held, _ = state.recorded.held(source)
    matters = released(after_runs(known, runs), {(one.calendar.address if one.calendar else "", one.guard) for one in held}, now)
    if summary.run is None:
        matters = reckoned(matters, of_summary(summary, now), lambda matter: False, now)
    arrived = str(runs[-1].run.id) if runs else reached
    if matters != known or arrived != state.matters.note(source, REACHED):
        state.matters.keep(source, matters, {REACHED: arrived})
    return matters


def _without_state(settings: Settings, summary: RunSummary, ways: Sequence[Channel], now: datetime) -> list[str]:
    found = reckoned([], of_summary(summary, now), lambda matter: False, now)
    troubles = []
    for way in ways:
        news = due(found, way.name, settings.alerts.on, now, None)
        if news.worth_sending and (trouble := _send(settings, summary, way, news, note=_UNRECORDED)) is not None:
            troubles.append(trouble)
    return troubles


def _forgot(summary: RunSummary, kinds: Collection[str]) -> bool:
    """Whether what failed until now is no more: who was told of that is told of its end."""
    return FAILED in kinds and bool(summary.forgotten) and not summary.dry_run


def _digest(settings: Settings, state: State, channel: str, now: datetime) -> tuple[RunRecord, ...] | None:
    if settings.alerts.digest == "never":
        return None
    last = state.matters.note(settings.timetable.source, DIGEST + channel)
    since = now - timedelta(days=7) if last is None else datetime.fromisoformat(last)
    if last is not None and now - since < _EVERY[settings.alerts.digest]:
        return None
    return tuple(run for run in reversed(state.runs(settings.timetable.source, None)) if run.started > since)


def _send(settings: Settings, summary: RunSummary, way: Channel, news: News, *, note: str = "") -> str | None:
    """Sends it; gives what went wrong, or None."""
    try:
        way.send(_message(settings, summary, news, note))
    except (NotSent, TimetableSyncError) as error:
        trouble = f"the alert by {way.name} was not sent: {error}"
    except Exception as error:  # a library's mistake must not cost the night's exit code, nor the other channels their message
        trouble = f"the alert by {way.name} was not sent: unexpected {type(error).__name__}"
        log.debug("alert failed", exc_info=True)
    else:
        return None
    log.error("alert not sent", channel=way.name, trouble=trouble)
    return trouble


def _message(settings: Settings, summary: RunSummary, news: News, note: str) -> Message:
    clock = TimeFormat(summary.time_zone)
    figures = count(summary)
    night = headline_of(summary, clock)
    if summary.calendars:
        night += f", {figure_lines(summary, figures, clock)[1]}"
    outcome = "fine" if not summary.exit_code else f"exit code {summary.exit_code}"
    if summary.forgotten:
        night += f"; {forgotten(summary)}"
        outcome = f"{counted(len(summary.forgotten), 'calendar', 'was')} forgotten"
    link, attachment = _report(settings, summary)
    about = Circumstances(summary.source, socket.gethostname(), night, summary.run, summary.exit_code, link, note)
    return compose(news, headline(news, outcome), about, settings.alerts, clock, attachment)


def _report(settings: Settings, summary: RunSummary) -> tuple[str, Attachment | None]:
    """Where the report is, in words, and the report itself if it is to go along."""
    alerts, directory = settings.alerts, settings.report.directory
    name = archive.names(summary)[0]
    path = None if directory is None else Path(directory) / name
    if alerts.report == "none" or not summary.calendars:
        return "", None
    if alerts.report == "link" and alerts.link is not None:
        return alerts.link.replace("{{ report }}", name).replace("{{report}}", name), None
    if alerts.report == "attach":
        content = render(summary, "html").encode("utf-8", "replace")
        if len(content) <= _LARGEST:
            return ("" if path is None else str(path)), Attachment(name, content)
    return ("" if path is None or not path.exists() else str(path)), None


def trial(settings: Settings, summary: RunSummary, environ: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """A message by each channel that says it is but a trial; by channel what went wrong, or None."""
    sentence = "this is a trial: nothing is held, and nothing has to be done"
    sample = Matter("held", "", "trial", "", sentence, "", summary.started, summary.started)
    return [(way.name, _send(settings, summary, way, News(new=(sample,)))) for way in channels(settings, environ)]
