"""proof.json becomes a table, and finds its place in a document."""

import pytest

from tests.proof.rendering import BEGIN, END, figures_table, with_figures

RECORD = {
    "seed": 1,
    "share": 1.0,
    "parts": {
        "years": {"seconds": 3600.2, "figures": [{"what": "histories on memory", "figure": "10,000", "good": True}]},
        "kills": {"seconds": 5.0, "seed": 7, "share": 0.1, "figures": [{"what": "kills | all", "figure": "30", "good": False}]},
    },
}


def test_figures_stand_in_a_table_by_part_with_their_seed() -> None:
    assert figures_table(RECORD).splitlines()[4:8] == [
        "| kills | kills \\| all | 30 | **not good** |",
        "| kills | *a share of 0.1, seed 7, 5 s* | | |",
        "| years | histories on memory | 10,000 | good |",
        "| years | *in full, seed 1, 3600 s* | | |",
    ]


def test_the_table_takes_the_place_of_the_one_before_and_nothing_else_changes() -> None:
    document = f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n"
    made = with_figures(document, RECORD)
    assert made == f"# Title\n\n{figures_table(RECORD)}\n\nThe end.\n"
    assert with_figures(made, RECORD) == made


def test_parts_that_were_not_proved_this_time_keep_their_figures() -> None:
    document = with_figures(f"{BEGIN}\n{END}\n", RECORD)
    later = {"seed": 2, "share": 1.0, "parts": {"kills": {"seconds": 9.0, "figures": [{"what": "all", "figure": "300", "good": True}]}}}
    assert with_figures(document, later).splitlines()[4:8] == [
        "| kills | all | 300 | good |",
        "| kills | *in full, seed 2, 9 s* | | |",
        "| years | histories on memory | 10,000 | good |",
        "| years | *in full, seed 1, 3600 s* | | |",
    ]


def test_a_document_without_a_place_for_it_is_said() -> None:
    with pytest.raises(ValueError, match="figures: begin"):
        with_figures("# Title", RECORD)
