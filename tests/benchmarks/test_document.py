"""bench.json becomes a table, and finds its place in a page."""

import json

import pytest

from benchmarks.document import BEGIN, END, cases_of, figures_table, with_figures
from benchmarks.figures import Case, Figures

OURS = Figures(6.0, 3.0, 120.4, 251, 1_000, {"token": 1, "GetFolder": 250}, {"start": 1.0, "reading the timetable": 0.5}, started=1.0)
FLOOR = Figures(4.0, 0.1, 20.0, 250, 1_000)
BOOK = Figures(31.0, 3.0, 60.0, 12, 90, part=0.25, started=1.0)
CASE = Case("first night", 0.05, 10, 1_000, {"ours": OURS, "floor": FLOOR, "save": BOOK}, {"refused": 3})
DOCUMENT = {
    "size": "small",
    "asked": "--size small",
    "made": "2026-11-29T01:02:03+00:00",
    "python": "3.11.7",
    "machine": "Linux x86_64, 2 cores",
    "cases": [{**json.loads(json.dumps(CASE.document())), "pace": [0.04, 0.05]}],
}


def test_a_case_is_read_back_as_it_was() -> None:
    assert cases_of(DOCUMENT) == [CASE]


def test_a_case_is_a_line_with_ours_beside_the_floor_and_others() -> None:
    lines = figures_table(DOCUMENT).splitlines()
    assert lines[2] == "`python -m benchmarks --size small`, 2026-11-29, Python 3.11.7, Linux x86_64, 2 cores, pace 0.04 to 0.05:"
    assert [cell.strip() for cell in lines[6].strip("|").split("|")] == [
        "first night, 10 x 100; refused: 3",
        "50",
        "250 + 1 token",
        "6.0",
        "1.50",
        "by the book, save() (by 250 events): 20 times as long",
        "3.0",
        "1.0",
        "0.5",
        "1,500",
        "150.0",
        "120",
    ]


def test_the_table_takes_the_place_of_the_one_before_and_nothing_else_changes() -> None:
    made = with_figures(f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n", DOCUMENT)
    assert made == f"# Title\n\n{figures_table(DOCUMENT)}\n\nThe end.\n"
    assert with_figures(made, DOCUMENT) == made


def test_a_page_without_a_place_for_it_is_said() -> None:
    with pytest.raises(ValueError, match="figures: begin"):
        with_figures("# Title", DOCUMENT)
