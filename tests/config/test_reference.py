"""The reference page is made from the schema, and is the one in docs/."""

from pathlib import Path

from timetable_sync.config.reference import reference
from timetable_sync.config.schema import fixed_keys
from timetable_sync.config.sections.columns import Column
from timetable_sync.config.sections.event import EventRule
from timetable_sync.config.sections.safety import Limit

ROOT = Path(__file__).parents[2]


def test_what_stands_in_docs_is_the_reference() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8") == reference(), (
        "make it anew: timetable-sync config example --format markdown > docs/configuration.md"
    )


def test_every_key_stands_in_its_section() -> None:
    sections = {part.partition("]")[0]: part for part in reference().split("\n## [")[1:]}
    for path in fixed_keys():
        if len(path) == 2:
            assert f"| `{path[1]}` |" in sections[str(path[0])], path
    for model, section in ((Column, "timetable"), (EventRule, "event"), (Limit, "guards")):
        assert all(f"| `{name}` |" in sections[section] for name in model.model_fields)


def test_units_limits_and_defaults_are_told() -> None:
    lines = reference().splitlines()
    assert any(line.startswith('| `deadline` | duration | `"3 hours"` |') for line in lines)
    assert any(line.startswith("| `calendars_at_once` | whole number, 1 to 64 | `8` |") for line in lines)
    assert any(line.startswith('| `shrunken_timetable` | share | `"20 %"` |') for line in lines)
    assert any(line.startswith("| `certificate` | secret | **needed** |") for line in lines)
    assert any(line.startswith('| `reminder` | off, or a duration | `"off"` |') for line in lines)


def test_every_row_of_a_table_has_its_tables_columns() -> None:
    for block in reference().split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) <= 1, rows
