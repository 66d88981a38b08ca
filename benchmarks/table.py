"""The figures as a table."""

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Case, Figures

#: What each way is called.
NAMES = {
    "ours": "timetable-sync",
    "floor": "the floor",
    "save": "by the book, save()",
    "bulk": "bulk_create",
    "wipe": "wipe and rewrite",
    "read": "by the book, view()",
    "list": "the same, other fields",
}


def new_table() -> Table:
    """Its columns."""
    table = Table(
        title="Times in seconds; in brackets, ours as a multiple of theirs. ~ was measured on so many of the events, and taken to all: "
        "what it takes to start was not multiplied. CPU an event and a calendar is without start and timetable."
    )
    table.add_column("case")
    table.add_column("ms", justify="right")
    table.add_column("way")
    for name in ("wall", "CPU", "µs CPU/event", "ms CPU/calendar", "requests", "MB moved", "peak MB"):
        table.add_column(name, justify="right")
    return table


def add(table: Table, case: Case) -> None:
    """A row for each way."""
    ours = case.ways["ours"]
    for place, (way, measured) in enumerate(case.ways.items()):
        figures = measured.whole()
        table.add_row(
            f"{case.name}\n{case.calendars:,} x {case.events // max(1, case.calendars):,}" if place == 0 else "",
            f"{case.latency * 1000:.0f}" if place == 0 else "",
            _name(way, measured, case),
            _beside(figures.wall, ours.wall, way),
            _beside(figures.cpu, ours.cpu, way),
            f"{worked(figures) / case.events * 1e6:,.0f}",
            f"{worked(figures) / case.calendars * 1e3:,.2f}",
            f"{figures.requests:,}",
            f"{figures.bytes / 1e6:,.1f}",
            f"{figures.peak:,.0f}",
        )
    if case.remarks:
        table.add_row("", "", ", ".join(f"{name}: {number:g}" for name, number in case.remarks.items()))
    table.add_section()


def show(table: Table) -> None:
    """On standard output."""
    Console(width=150).print(table)


def worked(figures: Figures) -> float:
    """Seconds of CPU without the interpreter's start and without reading the timetable, where that is known; else all of it."""
    return figures.cpu - figures.phases.get("start", 0.0) - figures.phases.get("reading the timetable", 0.0)


def _name(way: str, measured: Figures, case: Case) -> str:
    return NAMES[way] if measured.part == 1 else f"~ {NAMES[way]}\n  {round(case.events * measured.part):,} of {case.events:,}"


def _beside(theirs: float, ours: float, way: str) -> str:
    return f"{theirs:,.2f}" if way == "ours" or not theirs else f"{theirs:,.2f} ({ours / theirs:.2f})"
