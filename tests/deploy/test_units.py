"""The systemd units, as systemd itself judges them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import missing
from timetable_sync.config.sections.run import Run, Schedule

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
#: Nothing more exposed is let through; systemd calls up to 2.0 safe.
MOST = 1.5


@pytest.fixture(scope="module")
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    return found or missing("systemd-analyze is not here (on Debian and Ubuntu: apt install systemd)")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in a folder, with an instance of each template, and a program that is there."""
    for path in UNITS.iterdir():
        text = path.read_text("utf-8").replace("/opt/timetable-sync/bin/timetable-sync", sys.executable)
        (tmp_path / path.name).write_text(text, "utf-8")
        if "@." in path.name:
            (tmp_path / path.name.replace("@.", "@physics.")).write_text(text, "utf-8")
    return tmp_path


def asked(analyze: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{folder}:", "LC_ALL": "C.UTF-8"}
    return subprocess.run([analyze, *words], env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_has_nothing_to_say_to_any_unit(analyze: str, installed: Path) -> None:
    """It exits with 0 also where it does not know a key, so that silence is what counts."""
    units = [str(path) for path in sorted(installed.iterdir()) if "@." not in path.name]
    assert len(units) == 7
    ended = asked(analyze, installed, "verify", *units)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_that_silence_means_something(analyze: str, installed: Path) -> None:
    unit = installed / "timetable-sync.service"
    unit.write_text(unit.read_text("utf-8").replace("ProtectClock=", "ProtectClocks="), "utf-8")
    assert "ProtectClocks" in asked(analyze, installed, "verify", str(unit)).stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_exposed_to_next_to_nothing(analyze: str, installed: Path, service: str) -> None:
    unit = installed / service.replace("@.", "@physics.")
    ended = asked(analyze, installed, "security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", ended.stdout)
    assert found is not None, ended.stdout + ended.stderr
    assert float(found[1]) <= MOST, ended.stdout


@pytest.mark.parametrize("service", [name for name in SERVICES if "failed" not in name])
def test_a_unit_lets_a_night_stay_on_one_core(service: str) -> None:
    """The call is one of @resources, which are refused: a line after that takes it out again, as systemd.exec(5) says."""
    lines = [line for line in (UNITS / service).read_text("utf-8").splitlines() if line.startswith("SystemCallFilter=")]
    assert lines == ["SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources", "SystemCallFilter=sched_setaffinity"]


@pytest.mark.parametrize("path", sorted(UNITS.iterdir()), ids=lambda path: str(path.name))
def test_every_line_is_explained(path: Path) -> None:
    """A comment stands before it, or before the lines that it stands with."""
    explained = False
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            explained = True
        elif not line or line.startswith("["):
            # What a unit is and who wants it say themselves.
            explained = explained and not line.startswith("[Install")
        elif not line.startswith(("Description=", "Documentation=", "WantedBy=", "Type=oneshot")):
            assert explained, line


def test_a_template_is_its_unit_but_for_its_name() -> None:
    for path in UNITS.glob("*@.*"):
        if path.name.startswith("timetable-sync-failed"):
            continue
        plain = (UNITS / path.name.replace("@", "")).read_text("utf-8")
        other = path.read_text("utf-8")
        for made, its in (("/%i.toml", "/timetable-sync.toml"), ("/%i", ""), (" for %i", "")):
            other = other.replace(made, its)
        assert settings_of(other) == settings_of(plain)


def settings_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_daemon_has_less_time_to_end_than_its_unit_gives_and_a_night_less_than_its_own() -> None:

    daemon = (UNITS / "timetable-sync.service").read_text("utf-8")
    night = (UNITS / "timetable-sync-run.service").read_text("utf-8")
    assert "\nTimeoutStopSec=3min\n" in daemon
    assert Schedule().stop_within.total_seconds() < 180
    assert "\nTimeoutStartSec=4h\n" in night
    assert Run().deadline.total_seconds() < 4 * 3600
