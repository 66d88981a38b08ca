"""A quiet night loads nothing that it does not use, as that would take more of its time than all its calendars."""

from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation

NOW = ("--now", "2026-10-13T02:00")

#: What is loaded when it ends goes to a file.
WATCHED = """
import atexit, sys
from pathlib import Path
atexit.register(lambda path: path.write_text(" ".join(sys.modules)), Path(sys.argv.pop(1)))
from timetable_sync.cli.app import main
main()
"""


@pytest.mark.slow
def test_a_quiet_night_takes_neither_migrations_nor_metrics_nor_what_sends_alerts_along(installation: Installation, tmp_path: Path) -> None:
    assert installation.run(*NOW).returncode == 0
    program, path = tmp_path / "watched.py", tmp_path / "loaded"
    program.write_text(WATCHED, "utf-8")
    with installation.start(*NOW, program=(str(program), str(path))) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "2 unchanged" in out
    loaded = set(path.read_text("utf-8").split())
    assert "exchangelib" in loaded
    assert not loaded & {"alembic", "apprise", "prometheus_client", "timetable_sync.sandbox"}
