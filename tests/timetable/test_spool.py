"""The temporary file."""

import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.columns import MeetingRow, stored
from timetable_sync.timetable.spool import EventRow, Look, Spool


def row(activity: str, start: int = 0, *, week: str = "W1", text: str = "") -> MeetingRow:
    return ("", activity, week, start, start + 60, 1, 0, "C1", text)


LOOKS: list[Look] = [
    ("Subject", None, "", "a\x1fb", "busy", None, "normal", None),
    ("Exam", "Hall", None, None, "free", 15, "private", "Asia/Tokyo"),
]


def event(start: int, key: str, look: int = 0) -> EventRow:
    return (start, key, start + 60, LOOKS[look], f"f{start}")


def add(spool: Spool, address: str, *events: EventRow) -> None:
    calendar = spool.calendar(address)
    spool.add_events([(calendar, spool.add_look(look), start, key, end, mark) for start, key, end, look, mark in events])


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool(tmp_path)) as store:
        yield store


def test_rows_come_back_sorted_as_lessons_want_them(spool: Spool) -> None:
    rows = [row("B", 5), row("A", 9, week="W2"), row("A", 7), row("A", 3), row("a", 1)]
    spool.add_rows(map(stored, rows[:2]))
    spool.add_rows(map(stored, rows[2:]))
    assert list(spool.rows()) == [stored(one) for one in sorted(rows, key=lambda one: one[:5])]


def test_events_can_be_added_while_rows_are_read(spool: Spool) -> None:
    spool.add_rows(stored(row(f"A{number:05d}")) for number in range(5_000))
    read = 0
    for one in spool.rows():
        add(spool, "x@x.uk", event(read, one[0]))
        read += 1
    spool.settle()
    assert read == len(spool.events("x@x.uk")) == 5_000


def test_events_of_one_calendar_come_by_start_and_key_unchanged(spool: Spool) -> None:
    events = [event(1, "k9"), event(2, "k1"), event(1, "k2", look=1), event(1, "k1")]
    add(spool, "b@x.uk", events[0])
    add(spool, "a@x.uk", *events[1:])
    spool.settle()
    assert spool.events("a@x.uk") == [events[3], events[2], events[1]]
    assert spool.events("nobody@x.uk") == []
    lines = spool.lines("a@x.uk")
    assert lines is not None
    assert sorted(lines.split("\n")) == sorted(f"{event[1]} {event[-1]}" for event in events[1:])
    assert spool.lines("nobody@x.uk") is None


def test_threads_can_read_at_the_same_time(spool: Spool) -> None:
    addresses = [f"{number}@x.uk" for number in range(8)]
    for address in addresses:
        add(spool, address, *[event(start, f"k{start}") for start in range(200)])
    spool.settle()
    found: dict[str, int] = {}
    threads = [threading.Thread(target=lambda a=address: found.update({a: len(spool.events(a))})) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(addresses, 200)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are looked at where the system lists them (Linux)")
def test_the_file_has_no_name_while_it_is_in_use_and_others_cannot_open_it(tmp_path: Path) -> None:
    with closing(Spool(tmp_path)) as spool:
        spool.add_rows([stored(row("A", text="x" * 10_000))] * 3_000)
        assert list(tmp_path.iterdir()) == []
        ours = [place for place in _open_files() if str(place.readlink()).startswith(str(tmp_path))]
        assert [stat.S_IMODE(place.stat().st_mode) for place in ours] == [0o600]
    assert list(tmp_path.iterdir()) == []


def _open_files() -> list[Path]:
    # The listing itself is an open file, gone by the time it is looked at.
    return [place for place in Path("/proc/self/fd").iterdir() if place.is_symlink()]


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TimetableUnusable, match="No such file or directory") as caught:
        Spool(tmp_path / "missing")
    assert "TMPDIR" in caught.value.advice


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    with closing(Spool(tmp_path)) as spool:
        # What SQLite says of a full disk it also says of its own limit, which a test can set.
        spool._database.execute("PRAGMA max_page_count = 20")
        with pytest.raises(TimetableUnusable, match="full") as caught:
            spool.add_rows(stored(row("A", text="x" * 1_000)) for _ in range(1_000))
        assert str(tmp_path) in caught.value.message
