"""``python -m benchmarks.document bench.json docs/performance.md``: puts the figures of bench.json into the page, a line a case."""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.figures import Case, Figures
from benchmarks.table import NAMES, worked

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

_LEFT = ("case", "others take")
_TIMES = ("CPU, s", "start, s", "timetable, s", "µs an event", "ms a calendar")
_COLUMNS = ("case", "ms", "requests", "wall, s", "of the floor's", "others take", *_TIMES, "peak MB")
_HEAD = (f"| {' | '.join(_COLUMNS)} |", "|" + "".join("---|" if name in _LEFT else "--:|" for name in _COLUMNS))


def cases_of(document: dict[str, Any]) -> list[Case]:
    """The cases as they were before they became JSON."""
    found = []
    for case in document["cases"]:
        ways = {way: Figures(**figures) for way, figures in case["ways"].items()}
        found.append(Case(case["name"], case["latency"], case["calendars"], case["events"], ways, case["remarks"]))
    return found


def figures_table(document: dict[str, Any]) -> str:
    """A line a case: our own figures, and how long others take, between the marks by which a page's table is found again."""
    paces = [pace for case in document["cases"] for pace in case["pace"]]
    said = (
        f"`python -m benchmarks {document['asked']}`, {document['made'][:10]}, Python {document['python']}, "
        f"{document['machine']}, pace {min(paces):.2f} to {max(paces):.2f}:"
    )
    return "\n".join([BEGIN, "", said, "", *_HEAD, *map(_line, cases_of(document)), "", END])


def with_figures(page: str, document: dict[str, Any]) -> str:
    """The page with these figures in the place of those before. Raises ValueError for one without the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no {BEGIN} ... {END} in it")
    return before + figures_table(document) + after


def _line(case: Case) -> str:
    ours, others = case.ways["ours"], {way: figures.whole() for way, figures in case.ways.items() if way != "ours"}
    floor = others.pop("floor", None)
    cells = (
        f"{case.name}, {case.calendars:,} x {round(case.events / max(1, case.calendars)):,}" + _remarks(case),
        f"{case.latency * 1000:.0f}",
        _requests(ours),
        f"{ours.wall:,.1f}",
        "" if floor is None or not floor.wall else f"{ours.wall / floor.wall:.2f}",
        "; ".join(f"{_name(way, case)}: {_as_often(figures.wall / ours.wall)} as long" for way, figures in others.items()),
        f"{ours.cpu:,.1f}",
        f"{ours.phases.get('start', 0.0):.1f}",
        f"{ours.phases.get('reading the timetable', 0.0):.1f}",
        f"{worked(ours) / case.events * 1e6:,.0f}",
        f"{worked(ours) / case.calendars * 1e3:,.1f}",
        f"{ours.peak:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _name(way: str, case: Case) -> str:
    part = case.ways[way].part
    return NAMES[way] if part == 1 else f"{NAMES[way]} (by {round(case.events * part):,} events)"


def _remarks(case: Case) -> str:
    return "".join(f"; {name}: {number:g}" for name, number in case.remarks.items())


def _requests(figures: Figures) -> str:
    tokens = figures.operations.get("token", 0)
    return f"{figures.requests - tokens:,} + {tokens} token"


def _as_often(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def main() -> None:
    """Rewrites the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.document", description="Puts the figures of bench.json into a page.")
    parser.add_argument("figures", type=Path)
    parser.add_argument("page", type=Path)
    asked = parser.parse_args()
    asked.page.write_text(with_figures(asked.page.read_text("utf-8"), json.loads(asked.figures.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
