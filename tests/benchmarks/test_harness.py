"""The benchmarks' own machinery, on the smallest scale: what is measured is what happened."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from benchmarks.figures import Case, Figures
from benchmarks.installation import Installation, installed
from benchmarks.made_up import NOW, change, make_timetable
from benchmarks.measuring import ProgramFailed, measured
from benchmarks.pace import pace
from benchmarks.service import Service
from benchmarks.watched_run import spent


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as process:
        yield process


@pytest.fixture(scope="module")
def installation(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = installed(tmp_path_factory.mktemp("bench") / "small", service, NOW)
    make_timetable(made.timetable, 3, 30)
    return made


@pytest.mark.slow
def test_nights_against_the_service_are_what_they_would_be_against_exchange(installation: Installation, service: Service) -> None:
    # Each answer takes so long that all three calendars are waited for at once, whatever else the machine has to do.
    service.tell(clear=True, mark=True, latency=0.3)
    first = installation.night()
    service.tell(restore=True, latency=0)
    floor = installation.floor()
    second, third = installation.night(), installation.night()
    changed = change(installation.timetable, 10)
    fourth = installation.night()

    assert first.operations == {"token": 1, "GetFolder": 3, "FindItem": 3, "CreateItem": 3}
    assert floor.operations == {"GetFolder": 3, "FindItem": 3, "CreateItem": 3}
    # What the floor wrote, in the place of what we did, is the same; from then on stamps are enough.
    assert second.operations == {"token": 1, "GetFolder": 3, "FindItem": 3}
    assert third.operations == {"token": 1, "GetFolder": 3}
    assert (changed, fourth.operations["UpdateItem"]) == (9, 3)
    assert {"start", "reading the timetable", "reading calendars", "writing"} <= first.phases.keys()
    assert first.peak > floor.peak > 1
    assert floor.at_once == first.at_once == 3, "a request at a time to each of three calendars"


@pytest.mark.slow
def test_a_seeded_installation_has_a_quiet_night_of_one_request_a_calendar(installation: Installation) -> None:
    make_timetable(installation.timetable, 3, 30)
    installation.seed()

    assert installation.night().operations == {"token": 1, "GetFolder": 3}
    assert installation.night(TIMETABLE_SYNC_RUN__FULL_READING="0 days").operations == {"token": 1, "FindItem": 3}


@pytest.mark.slow
def test_what_is_written_by_the_book_writes_everything_once(installation: Installation, service: Service) -> None:
    service.tell(clear=True, mark=True)
    notes = installation.folder / "others.json"
    arguments = [f"{service.url}/EWS/Exchange.asmx", str(installation.timetable), "save", "2"]

    first = measured(service, "benchmarks.by_the_book", arguments, notes=notes, part=2 / 3)
    second = measured(service, "benchmarks.by_the_book", arguments, notes=notes, part=2 / 3)

    assert first.operations["CreateItem"] == 60
    assert first.whole().operations["CreateItem"] == 90
    assert "CreateItem" not in second.operations
    assert service.tell()["items"] == 60


@pytest.mark.slow
def test_by_the_book_the_events_of_a_calendar_are_listed_and_then_got_or_listed_alone(installation: Installation, service: Service) -> None:
    make_timetable(installation.timetable, 3, 30)
    installation.seed()
    notes, url = installation.folder / "others.json", f"{service.url}/EWS/Exchange.asmx"

    read, listed = (
        measured(service, "benchmarks.by_the_book", [url, str(installation.timetable), how, "2"], notes=notes, part=2 / 3).operations
        for how in ("read", "list")
    )

    assert (read["FindItem"], read["GetItem"]) == (2, 2)
    assert listed["FindItem"] == 2
    assert "GetItem" not in listed


def test_what_fails_is_not_measured(service: Service, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"benchmarks\.floor ended with 1"):
        measured(service, "benchmarks.floor", ["127.0.0.1", "1", "1", str(tmp_path / "none")], notes=tmp_path / "notes.json")


def asked(service: Service, **headers: str) -> tuple[int, bytes]:
    body = b"<s:Envelope><s:Body><m:FindItem><m:CalendarView StartDate='1' EndDate='2'/></m:FindItem></s:Body></s:Envelope>"
    request = Request(f"{service.url}/EWS/Exchange.asmx", body, {"Content-Type": "text/xml", **headers})
    try:
        with urlopen(request) as answer:
            return answer.status, answer.read()
    except OSError as error:
        return int(getattr(error, "code", 0)), error.read() if hasattr(error, "read") else b""


def test_the_service_allows_as_many_requests_a_second_as_it_is_told_and_says_when_to_come_back(service: Service) -> None:
    service.tell(anew=True, limit=3)
    answers = [asked(service) for _ in range(40)]
    service.tell(limit=0)

    refused = [body for status, body in answers if status == 500]
    assert all(b"BackOffMilliseconds" in body for body in refused)
    assert len(refused) == service.tell()["counts"]["busy"] > 0


def test_the_service_compresses_for_those_who_ask_for_it(service: Service) -> None:
    service.tell(gzip=True)
    _, packed = asked(service, **{"Accept-Encoding": "gzip"})
    _, plain = asked(service)
    service.tell(gzip=False)

    assert gzip.decompress(packed) == plain
    assert b"IncludesLastItemInRange" in plain


def test_figures_of_a_part_are_taken_to_the_whole_before_they_are_compared() -> None:
    ours, theirs = Figures(2, 1, 100, 10, 1_000), Figures(3, 2, 50, 20, 500, {"CreateItem": 20}, part=0.25)
    document = Case("one", 0.05, 4, 8, {"ours": ours, "save": theirs}).document()

    assert theirs.whole().operations == {"CreateItem": 80}
    assert document["ratios"]["save"] == {"wall": 0.167, "cpu": 0.125, "requests": 0.125, "bytes": 0.5, "peak": 2.0}
    assert json.loads(json.dumps(document))["ways"]["save"]["wall"] == 3


def test_what_it_takes_to_start_is_not_multiplied() -> None:
    whole = Figures(5, 3, 50, 10, 100, phases={"start": 1.0, "writing": 2.0}, part=0.5, started=1.5).whole()

    assert (whole.wall, whole.cpu, whole.phases) == (8.5, 5, {"start": 1.0, "writing": 4.0})


def test_what_other_threads_do_while_the_timetable_is_read_is_no_part_of_reading_it() -> None:
    began = [("start", 0.0), ("reading the timetable", 1.0), ("reading calendars", 4.0)]

    phases = spent(began, 6.0, read=2.25)

    assert phases == {"start": 1.0, "reading the timetable": 2.25, "beside the timetable": 0.75, "reading calendars": 2.0}
    assert sum(phases.values()) == 6.0


def test_the_pace_is_what_a_fixed_piece_of_work_takes_now() -> None:
    assert pace() > 0
