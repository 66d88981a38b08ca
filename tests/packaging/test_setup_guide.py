"""docs/setup.md, gone through literally from an empty directory, with the sandbox as the tenant."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from timetable_sync.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "setup.md").read_text("utf-8")

#: Blocks that a comment names: <!-- try: name --> and then a fenced block.
BLOCKS = dict(re.findall(r"<!-- try: (\w+) -->\n```sh\n(.*?)```", GUIDE, re.DOTALL))


def test_every_command_of_the_guide_is_one() -> None:
    typed = re.findall(r"(?:^ *|`)timetable-sync ([a-z][^`\n]*)", GUIDE, re.MULTILINE)
    assert len(typed) > 12
    for line in typed:
        found = get_command(app)
        for word in line.split():
            if not hasattr(found, "commands"):
                break
            assert word in found.commands, line
            found = found.commands[word]
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in line.split() if word.startswith("--")} <= options, line


def test_each_numbered_step_ends_with_a_command_that_proves_it() -> None:
    steps = re.split(r"^## (?=\d)", GUIDE, flags=re.MULTILINE)[1:]
    assert [int(step.split(".")[0]) for step in steps] == list(range(1, 10))
    assert all("<!-- try: " in step and "timetable-sync" in step[step.rindex("<!-- try: ") :] for step in steps)


def test_every_file_that_the_guide_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", GUIDE):
        assert target.startswith("http") or (ROOT / "docs" / target).exists(), target


@pytest.mark.slow
def test_gone_through_literally_it_leads_to_a_synced_calendar(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    (tmp_path / "timetable-sync.toml").write_text(text, "utf-8")
    (tmp_path / "timetable-password").touch(mode=0o600)
    first = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=2)
    with sqlite3.connect(tmp_path / "timetable.db") as database:
        database.execute("CREATE TABLE meetings (activity_id, module_code, starts_at, ends_at, module_title, room)")
        for week in range(5):
            for module in ("COMP101", "MATH1"):
                start = first + timedelta(weeks=week)
                times = (start.isoformat(), (start + timedelta(hours=1)).isoformat())
                database.execute("INSERT INTO meetings VALUES (?, ?, ?, ?, ?, ?)", (f"{module}-L", module, *times, "Logic", "R1"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["PYTHONPATH"] = str(ROOT)
    # What the guide says to change to one's own: where the timetable is.
    environment["TIMETABLE_SYNC_TIMETABLE__URL"] = "sqlite:///timetable.db"

    def typed(name: str) -> str:
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", BLOCKS[name]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    assert typed("install").startswith("timetable-sync ")
    assert "COMP101" in typed("timetable")
    assert "SHA-256" in typed("certificate")
    block = BLOCKS["sandbox"].replace("--port 8091", "--port 0").replace("timetable-sync sandbox", "exec timetable-sync sandbox")
    sandbox = subprocess.Popen(["bash", "-euc", block], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert sandbox.stdout is not None
        exported = next(line for line in sandbox.stdout if "export " in line)
        environment |= dict(pair.split("=", 1) for pair in exported.strip().removeprefix("export ").split())
        assert "full_access_as_app" in typed("token")
        assert typed("consent").count("full_access_as_app") == 1
        assert "A run would go well" in typed("limited")
        assert "A run would go well" in typed("allowed")
        assert "created, found, changed, deleted" in typed("probe")
        dry, run, again = re.split(r"(?m)^(?=Night of)", typed("nights"))[-3:]
    finally:
        sandbox.send_signal(signal.SIGTERM)
        sandbox.communicate(timeout=30)
    assert "5 to be created" in dry
    assert "1 calendar changed: 5 created" in run
    assert "0 calendars changed" in again
    assert (tmp_path / "plan.html").stat().st_size
