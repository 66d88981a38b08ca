"""The timetable as a night would read it: the database, the query's columns, the first rows, and what was set aside."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from timetable_sync.config.schema import Settings
from timetable_sync.doctor.results import CheckResult, Part, failed, passed, warned
from timetable_sync.reports.formatting import counted, number
from timetable_sync.timetable.columns import MeetingRow
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import Reading

#: So many rows are shown, and so much of each.
_ROWS, _WIDTH = 2, 110


class FirstRows(ReadObserver):
    """Keeps the names of the columns and the first rows, as the driver gave them."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.rows: list[tuple[Any, ...]] = []

    def anew(self) -> None:
        """As the witness's."""
        self.rows.clear()

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        """As the witness's."""
        if len(self.rows) < _ROWS:
            self.names = tuple(names)
            self.rows.append(tuple(row))

    def lines(self) -> Iterator[str]:
        """For people; long ones are cut."""
        if self.names:
            yield _cut(f"columns: {', '.join(self.names)}")
        for count, row in enumerate(self.rows, 1):
            yield _cut(f"row {count}: {' | '.join('' if cell is None else str(cell) for cell in row)}")

    def facts(self) -> list[dict[str, object]]:
        """For programs."""
        return [dict(zip(self.names, (_plain(cell) for cell in row), strict=True)) for row in self.rows]


def timetable_read(settings: Settings, reading: Reading, first: FirstRows) -> Iterator[CheckResult]:
    """What is to be said of a timetable that was read completely."""
    bad = reading.bad_rows
    facts: dict[str, Any] = {
        "rows": reading.rows,
        "events": reading.events_in_window,
        "columns": list(first.names),
        "first_rows": first.facts(),
        "bad_rows": bad.count,
    }
    if reading.empty:
        nothing = "none of its lessons is in a calendar that has a mailbox" if reading.rows else "the query gives no rows"
        yield failed(
            Part.TIMETABLE,
            f"{nothing}, and a run refuses an empty timetable",
            "See what is sent: timetable-sync timetable query",
            5,
            **facts,
        )
        return
    said = f"{counted(reading.rows, 'row')}, {counted(reading.events_in_window, 'event')} in the window"
    if reading.nowhere_in_window:
        said += f", {counted(reading.nowhere_in_window, 'lesson')} in no calendar"
    if not reading.events_in_window:
        yield warned(
            Part.TIMETABLE,
            f"{said}: nothing takes place in it",
            "Compare [window] and the query's period with the dates: timetable-sync timetable show",
            details=first.lines(),
            **facts,
        )
    else:
        yield passed(Part.TIMETABLE, said + ("" if bad.count else ", none set aside"), details=first.lines(), **facts)
    if bad.count:
        reasons = ", ".join(f"{number(count)} {reason}" for reason, count in bad.by_reason.most_common(3))
        yield failed(
            Part.ROWS,
            f"{counted(bad.count, 'row', 'is')} set aside: {reasons}",
            "Each with its reason: timetable-sync timetable check. Their events stay as they are.",
            1,
            bad_rows=bad.count,
        )
    for note in reading.notes:
        yield warned(Part.TIMETABLE, note, "See docs/timetable.md.")


def _cut(line: str) -> str:
    flat = " ".join(line.split())
    return flat if len(flat) <= _WIDTH else flat[: _WIDTH - 1] + "…"


def _plain(cell: Any) -> object:
    if cell is None or isinstance(cell, str | int | float | bool):
        return cell
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell)
