"""What no single key can tell: addresses, cron expression, files, and names that must fit together."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from timetable_sync.settings.places import Places
from timetable_sync.settings.problems import Problem, nearest
from timetable_sync.settings.schema import Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: What templates and rules can use beside the columns.
ALWAYS_THERE = ("calendar", "start", "end", "cancelled")

Path_ = tuple[str | int, ...]


def cross_check(settings: Settings, base: Path, places: Places) -> list[Problem]:
    """Everything that is wrong with ``settings`` as a whole. ``base`` is the configuration's folder."""
    return [Problem(places.of(path), what) for path, what in _findings(settings, base)]


def _findings(settings: Settings, base: Path) -> Iterator[tuple[Path_, str]]:
    for section, url in (("timetable", settings.timetable.url), ("state", settings.state.url)):
        yield from _database(section, url)
    yield from _query(settings.timetable.query, base)
    for path, address in ((("entra", "authority"), settings.entra.authority), (("ews", "endpoint"), settings.ews.endpoint)):
        yield from _address(path, address)
    if settings.ews.anchor != "mailbox" and "@" not in settings.ews.anchor:
        yield ("ews", "anchor"), f'ews.anchor is "{settings.ews.anchor}", but must be "mailbox" or a mail address'
    try:
        CronTrigger.from_crontab(settings.schedule.cron)  # type: ignore[no-untyped-call]  # apscheduler 3 carries no types
    except ValueError as error:
        yield ("schedule", "cron"), f'schedule.cron "{settings.schedule.cron}" is not a cron expression such as "0 2 * * *": {error}'
    known = [*settings.timetable.columns, *ALWAYS_THERE]
    for number, rule in enumerate(settings.event.rules):
        for name in rule.when:
            if name not in known:
                yield ("event", "rules", number, "when"), f'event.rules[{number + 1}].when names no column: "{name}"{nearest(name, known)}'


def _database(section: str, url: str) -> Iterator[tuple[Path_, str]]:
    path = (section, "url")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        yield path, f'{section}.url is not a database address such as "postgresql+psycopg://user@host/database" or "sqlite:///file.db"'
        return
    if parsed.password is not None:
        yield path, f"{section}.url holds a password; take it out and give it by reference: {section}.password = {{ file = … }}"


def _query(query: str, base: Path) -> Iterator[tuple[Path_, str]]:
    if query.startswith("file:"):
        file = base / query.removeprefix("file:")
        if not file.is_file():
            yield ("timetable", "query"), f"timetable.query names {file}, which is not there"
    elif not query.strip():
        yield ("timetable", "query"), "timetable.query is empty"


def _address(path: tuple[str, str], address: str) -> Iterator[tuple[Path_, str]]:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.scheme not in ("https", "http"):
        yield path, f'{".".join(path)} is "{address}", but must be an address such as "https://…"'
    elif parts.scheme == "http" and host not in _LOOPBACK:
        yield path, f"{'.'.join(path)} must begin with https://: a token is sent there"
