"""What is fuzzed: one function a reader, from bytes to nothing. What it raises beyond what is documented is a find.

The bytes are taken apart here and not by the fuzzer, so that Atheris, Hypothesis and a plain test can give the same ones.
"""

import json
import os
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.serialization import Encoding

from tests.calendars.ews.two_ways import agree
from tests.proof.fuzzing import samples
from timetable_sync.calendars.ews.create_requests import created
from timetable_sync.calendars.ews.ctag import stamp_of
from timetable_sync.calendars.ews.errors import Complaint, judge
from timetable_sync.calendars.ews.find_item import read_item, read_page
from timetable_sync.calendars.ews.http_errors import RequestInfo, is_soap, of_status
from timetable_sync.calendars.ews.soap import IncompleteResponse, complaint_of, response_messages
from timetable_sync.config.document import as_toml, as_values
from timetable_sync.config.environment import PREFIX
from timetable_sync.config.load import load
from timetable_sync.config.sections.columns import Column
from timetable_sync.config.sections.weeks import Weeks
from timetable_sync.entra.certificate_facts import facts_of
from timetable_sync.entra.certificate_file import read_contents
from timetable_sync.entra.manifest_text import read_manifest, with_certificate
from timetable_sync.entra.token_response import TokenResponse, issued_token, retry_after
from timetable_sync.errors import TimetableSyncError
from timetable_sync.model.window import Window
from timetable_sync.timetable.clean_text import clean_name, clean_prose, cut, fit_for_xml
from timetable_sync.timetable.parse_time import day_in, number_in, time_of_day, whole_in
from timetable_sync.timetable.times import LocalClock, Unreadable, duration
from timetable_sync.timetable.values import written
from timetable_sync.timetable.week_axis import Axis, IsoAxis, Weekdays, even_axis
from timetable_sync.timetable.week_patterns import NumberForFlags, Patterns

#: No input is longer; what only goes wrong with a number of 4,300 digits and more (Python's own limit) has room in it.
LONGEST = 6_000


@dataclass(frozen=True, slots=True)
class Target:
    """``run`` is given any bytes. ``seeds`` are what to begin with, ``words`` what is worth putting in.

    ``weight`` is its share of the time.
    """

    name: str
    about: str
    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    words: tuple[str, ...] = ()
    weight: int = 1


def configuration(data: bytes) -> None:
    """A file, and after two empty lines with a # what the environment says: NAME=value."""
    file, _, variables = data.partition(samples.ENVIRONMENT)
    environ = {}
    for line in variables.split(b"\n"):
        name, _, value = line.partition(b"=")
        if name and b"\0" not in line:
            environ[PREFIX + os.fsdecode(name).upper()] = os.fsdecode(value)
    path = _folder() / "timetable-sync.toml"
    path.write_bytes(file)
    try:
        loaded = load(path, environ, files=False)
    except TimetableSyncError as error:
        _is_clear(error)
        return
    json.dumps(as_values(loaded), default=str)
    tomllib.loads(as_toml(loaded))


def times(data: bytes) -> None:
    """Moments, ends, durations, times of day, days and numbers, in every type that drivers give."""
    zone, kind, rest = data[:1], data[1:2], data[2:]
    clock = _clocks()[(zone or b"\0")[0] % 4]
    cell = _cell((kind or b"\0")[0], rest)
    with suppress(Unreadable):
        start = clock.start(cell)
        if start is not None:
            clock.local(start)
    with suppress(Unreadable):
        end = clock.end(cell, 1_790_000_000)
        if end is not None:
            clock.local(end)
    with suppress(Unreadable):
        clock.elsewhere(rest.decode("utf-8", "surrogateescape"))
    for unit in ("seconds", "minutes", "hours"):
        with suppress(Unreadable):
            length = duration(cell, unit)
            if length is not None:
                clock.local(clock.after(1_790_000_000, length))
    for read in (time_of_day, lambda cell: day_in(cell, clock), whole_in, number_in):
        with suppress(Unreadable):
            read(cell)
    if len(written(cell) or "") > 2 * len(rest) + 200:
        raise AssertionError("a cell became a text much longer than itself")


def weeks(data: bytes) -> None:
    """Week patterns of every form, days of the week in every form, and what the axis makes of them."""
    which, kind, rest = data[:1], data[1:2], data[2:]
    chosen = (which or b"\0")[0]
    cell = _cell((kind or b"\0")[0], rest)
    patterns = _patterns()[chosen % 4]
    found: tuple[int, ...] = ()
    with suppress(Unreadable, NumberForFlags):
        found = patterns.weeks(cell) or ()
    if list(found) != sorted(set(found)):
        raise AssertionError(f"weeks out of order, or twice: {found}")
    days: tuple[int, ...] = (0, 6)
    with suppress(Unreadable):
        days = _weekdays()[chosen // 4 % 5].days(cell) or days
    if not set(days) <= set(range(7)):
        raise AssertionError(f"no days of a week: {days}")
    axis = _axes()[chosen // 20 % 3]
    for week in found[:50]:
        for day in days:
            with suppress(Unreadable):
                date.fromordinal(axis.place(week, day, 2026))


def texts(data: bytes) -> None:
    """What is made of titles: nothing that XML cannot carry, and the same when it is done again."""
    text = data[1:].decode("utf-8", "surrogatepass" if data[:1] < b"\x80" else "surrogateescape") if _passes(data[1:]) else repr(data)
    for make in (clean_name, clean_prose, fit_for_xml):
        made = make(text) or ""
        made.encode("utf-8")
        if any(letter < " " and letter not in "\n\t" for letter in made):
            raise AssertionError(f"a control character came through {make.__name__}: {made!r}")
        if make is not clean_prose and (make(made) or "") != made:
            raise AssertionError(f"{make.__name__} gives another text the second time: {made!r}")
        cut(made, 20).encode("utf-8")


def exchange(data: bytes) -> None:
    """An answer of Exchange's, as far as its reader goes: envelope, complaints, listings, items, stamps, statuses."""
    which, content = (data[:1] or b"\0")[0], data[1:]
    operation = ("FindItem", "GetFolder", "CreateItem", "GetItem")[which % 4]
    _status(which, content)
    if operation == "FindItem":
        agree(content)
    if operation == "CreateItem":
        with suppress(IncompleteResponse):
            created(content, 1)
    try:
        messages = response_messages(content, operation)
    except IncompleteResponse:
        return
    if isinstance(messages, Complaint):
        judge(messages, "a@b.example", writing=which > 127, scope="request")
        return
    for message in messages:
        with suppress(IncompleteResponse):
            complaint = complaint_of(message)
            if complaint is not None:
                judge(complaint, "a@b.example", writing=which > 127, scope="item")
        stamp_of(message, datetime(2026, 10, 1, tzinfo=UTC))
        with suppress(IncompleteResponse):
            for item in read_page(message).items:
                read_item(item, _WINDOW)


def manifest(data: bytes) -> None:
    """An app registration's manifest, and the certificate put into it: once, and nothing else changed."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return  # the file's reader says so
    certificate = _certificate()
    try:
        read = read_manifest(text, "manifest.json")
    except TimetableSyncError as error:
        _is_clear(error)
        return
    made = with_certificate(read, certificate)
    again = read_manifest(made, "manifest.json")
    if again.find(certificate) is None:
        raise AssertionError("the certificate is not in the manifest that it was put into")
    if with_certificate(again, certificate) != made:
        raise AssertionError("putting it in twice makes another manifest")
    before, after = json.loads(text.removeprefix("\ufeff")), json.loads(made.removeprefix("\ufeff"))
    before.pop("keyCredentials", None), after.pop("keyCredentials")
    if json.dumps(before) != json.dumps(after):
        raise AssertionError("something else in the manifest was changed")


def certificate(data: bytes) -> None:
    """A certificate's or key's file, with and without a passphrase."""
    passphrase = (None, b"", b"passphrase")[(data[:1] or b"\0")[0] % 3]
    try:
        contents = read_contents(data[1:], "certificate.pem", passphrase)
    except TimetableSyncError as error:
        _is_clear(error)
        return
    for found in contents.certificates:
        facts_of(found.public_bytes(Encoding.DER))


def token(data: bytes) -> None:
    """What a token endpoint answers."""
    hint, _, body = data.partition(b"\n")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    found = said if isinstance(said, dict) else {}
    answer = TokenResponse("https://login.example/token", 200, found, isinstance(said, dict), None, hint.decode("latin-1"))
    retry_after(answer, datetime(2026, 10, 1, tzinfo=UTC))
    try:
        issued_token(answer)
    except TimetableSyncError as error:
        _is_clear(error)


TARGETS = {
    target.name: target
    for target in (
        Target("configuration", "the configuration's file and the environment", configuration, samples.configurations, samples.KEYS, 3),
        Target("exchange", "Exchange's answers", exchange, samples.exchange_answers, samples.EXCHANGE_WORDS, 3),
        Target("times", "times, days, durations and numbers in cells", times, samples.times, samples.TIME_WORDS, 2),
        Target("weeks", "week patterns, weekdays and their axis", weeks, samples.weeks, samples.WEEK_WORDS, 2),
        Target("texts", "titles and other texts", texts, samples.texts),
        Target("manifest", "manifests of app registrations", manifest, samples.manifests, samples.MANIFEST_WORDS),
        Target("certificate", "certificates and keys", certificate, samples.certificates),
        Target("token", "Entra ID's answers", token, samples.tokens),
    )
}

_WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC))


def _is_clear(error: TimetableSyncError) -> None:
    """One that a person can be shown: documented exit code, something said, and no word of Python's."""
    if not error.message.strip() or error.exit_code not in range(1, 7):
        raise AssertionError(f"an error that says nothing: {error!r}") from error
    if "Traceback" in error.message:
        raise AssertionError(f"an error with a traceback in it: {error.message}") from error


def _cell(kind: int, rest: bytes) -> Any:  # noqa: PLR0911 - one return a type
    """A value as a driver would give it."""
    text = rest.decode("utf-8", "surrogateescape")
    number = int.from_bytes(rest[:8], "big", signed=True)
    match kind % 9:
        case 0 | 1 | 2:
            return text
        case 3:
            return rest
        case 4:
            return number
        case 5:
            try:
                return Decimal(text)
            except InvalidOperation:
                return None
        case 6:
            try:
                return float(text)
            except ValueError:
                return number / 7
        case 7:
            year, day = 1 + number % 9999, timedelta(days=number % 365, seconds=number % 86_399)
            try:
                naive = datetime(year, 1, 1) + day  # noqa: DTZ001 - drivers give such ones
            except OverflowError:
                return date(year, 1, 1)
            offsets = (None, UTC, None, None)
            return naive.replace(tzinfo=offsets[number % 4], fold=number % 2)
        case _:
            return (time(number % 24, number % 60), timedelta(seconds=number % 10**9), [text, number], True, None)[number % 5]


def _passes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _status(which: int, content: bytes) -> None:
    response = requests.Response()
    response.status_code = (200, 401, 403, 404, 413, 429, 500, 302)[which // 4 % 8]
    head, _, body = content.partition(b"\n")
    response._content = body
    response.url = "https://outlook.example/EWS/Exchange.asmx"
    response.request = requests.Request("POST", response.url).prepare()
    said = head.decode("latin-1")
    response.headers.update(
        {"Retry-After": said, "X-CasErrorCode": said, "Location": said, "x-ms-diagnostics": said, "WWW-Authenticate": said}
    )
    if not is_soap(response):
        asked = RequestInfo("https://outlook.example/EWS/Exchange.asmx", "a@b.example", which > 127, 60.0, bool(which % 2))
        _is_clear(of_status(response, asked))


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzzing-"))


@cache
def _clocks() -> list[LocalClock]:
    return [LocalClock(zone) for zone in ("Europe/London", "America/Santiago", "Pacific/Apia", "UTC")]


@cache
def _patterns() -> list[Patterns]:
    table = {"A": (1, 3), "42": (2,)}
    query = {"query": "SELECT 1", "id": "id", "week": "week"}
    made = []
    for form in ("list", "flags", "days", "table"):
        settings = Weeks.model_validate({"form": form} | ({"table": query} if form == "table" else {}))
        made.append(Patterns(settings, table))
    return made


@cache
def _weekdays() -> list[Weekdays]:
    said: list[dict[str, Any]] = [{}, {"monday": 0}, {"monday": 2, "sunday": 1}, {"bits": True, "monday": 64}, {"bits": True, "monday": 1}]
    return [Weekdays(Column.model_validate({"column": "day"} | one)) for one in said]


@cache
def _axes() -> list[Axis]:
    return [even_axis(1, date(2026, 9, 21).toordinal(), 52), IsoAxis(2026, 36), IsoAxis(None)]


@cache
def _certificate() -> Any:
    return facts_of(samples.certificate_der())
