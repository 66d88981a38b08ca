"""docs/traps.md names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_trap_has_a_test_that_is_there() -> None:
    text = (ROOT / "docs/traps.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| what bites")]
    assert len(rows) > 50
    for row in rows:
        found = NAMED.search(row)
        assert found is not None, row
        assert re.search(rf"^ *def {found[2]}\(", (ROOT / found[1]).read_text("utf-8"), re.MULTILINE), row
