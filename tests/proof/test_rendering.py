"""proof.json becomes a table, and finds its place in a document."""

from typing import Any

import pytest

from tests.proof.rendering import BEGIN, END, figures_table, with_figures


def part(what: str, figure: str, **more: Any) -> dict[str, Any]:
    figures = [{"what": what, "figure": figure, "good": True}]
    how = {"share": 1.0, "seed": 1, "seconds": 3600.2, "commit": "0123456789abcdef", "changed": False, "date": "2026-11-30 02:00"}
    return {"figures": figures, **how, **more}


NOT_GOOD = [{"what": "kills | all", "figure": "30", "good": False}]
RECORD = {
    "parts": {
        "years": part("histories on memory", "10,000"),
        "kills": part("", "", figures=NOT_GOOD, seconds=5.0, seed=7, share=0.1, changed=True),
    },
}


def test_figures_stand_in_a_table_by_part_with_their_seed_commit_and_date() -> None:
    assert figures_table(RECORD).splitlines()[4:8] == [
        "| kills | kills \\| all | 30 | **not good** |",
        "| kills | *a share of 0.1, seed 7, 5 s, commit 0123456789ab, with changes, 2026-11-30 02:00* | | |",
        "| years | histories on memory | 10,000 | good |",
        "| years | *in full, seed 1, 3600 s, commit 0123456789ab, 2026-11-30 02:00* | | |",
    ]


def test_the_table_takes_the_place_of_the_one_before_and_nothing_else_changes() -> None:
    document = f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n"
    made = with_figures(document, RECORD)
    assert made == f"# Title\n\n{figures_table(RECORD)}\n\nThe end.\n"
    assert with_figures(made, RECORD) == made


def test_parts_that_were_not_proved_this_time_keep_their_figures() -> None:
    document = with_figures(f"{BEGIN}\n{END}\n", RECORD)
    later = {"parts": {"kills": part("all", "300", seconds=9.0, seed=2, minutes=10.0, commit="")}}
    assert with_figures(document, later).splitlines()[4:8] == [
        "| kills | all | 300 | good |",
        "| kills | *10 minutes, seed 2, 9 s, no commit, 2026-11-30 02:00* | | |",
        "| years | histories on memory | 10,000 | good |",
        "| years | *in full, seed 1, 3600 s, commit 0123456789ab, 2026-11-30 02:00* | | |",
    ]


def test_a_document_without_a_place_for_it_is_said() -> None:
    with pytest.raises(ValueError, match="figures: begin"):
        with_figures("# Title", RECORD)
