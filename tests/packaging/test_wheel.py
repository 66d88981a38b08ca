"""The wheel, installed in an empty environment away from the checkout, does what the checkout does."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel and its extra ``sandbox`` in it, and a folder to work in."""

    environment: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [str(self.environment / "bin" / "timetable-sync"), *arguments]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=clean_environment() | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )


def clean_environment() -> dict[str, str]:
    """Nothing that leads back to the checkout or to another configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("TIMETABLE_SYNC_", "PYTHON", "VIRTUAL_ENV"))}


def checked(*command: str, cwd: Path) -> None:
    ended = subprocess.run(command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what git knows and from what is new, without the checkout's own leftovers getting in."""
    out = tmp_path_factory.mktemp("dist")
    checked(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT), cwd=out)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("away")
    environment = folder / "environment"
    checked(sys.executable, "-m", "venv", str(environment), cwd=folder)
    pip = [
        str(environment / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        str(ROOT / "requirements" / "versions.txt"),
    ]
    checked(*pip, f"{wheel}[sandbox]", cwd=folder)
    return Installed(environment, folder)


@pytest.fixture(scope="module")
def demo(installed: Installed) -> Path:
    """The folder of a demo that went well."""
    ended = installed.run("demo")
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout + ended.stderr
    assert "✗" not in ended.stdout
    return installed.folder / "timetable-sync-demo"


@pytest.fixture
def sandbox(installed: Installed, demo: Path) -> Iterator[str]:
    """The demo's sandbox, serving again from its state file, as the demo's README says."""
    (line,) = [line.strip() for line in (demo / "README.txt").read_text("utf-8").splitlines() if "sandbox serve" in line]
    program, *arguments = line.split()
    assert program == "timetable-sync"
    process = subprocess.Popen(installed.command(*arguments), cwd=demo, env=clean_environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_the_wheel_carries_what_it_needs_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {
        "timetable_sync/py.typed",
        "timetable_sync/migrations/env.py",
        "timetable_sync/config/timetable-sync.toml",
        "timetable_sync/reports/templates/night.html.j2",
    } <= names
    revisions = {path.name for path in (ROOT / "migrations" / "versions").glob("v*.py")}
    assert revisions
    assert revisions == {Path(name).name for name in names if name.startswith("timetable_sync/migrations/versions/v")}
    assert {name.split("/")[0] for name in names} == {"timetable_sync"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".sqlite", ".db", ".pem"))]


def test_the_packages_are_those_of_the_wheel_and_not_of_the_checkout(installed: Installed) -> None:
    code = "import timetable_sync, pathlib; print(pathlib.Path(timetable_sync.__file__).resolve().parent)"
    python = installed.environment / "bin" / "python"
    found = subprocess.run(
        [str(python), "-c", code], cwd=installed.folder, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(installed.environment.resolve())


def test_the_demo_works_from_the_wheel(demo: Path) -> None:
    assert (demo / "plan.html").stat().st_size
    assert json.loads((demo / "plan.json").read_text("utf-8"))["dry_run"] is True


def test_a_state_database_is_made_and_upgraded_from_the_wheel(installed: Installed, demo: Path, tmp_path: Path) -> None:
    configuration = str(demo / "timetable-sync.toml")
    url = {"TIMETABLE_SYNC_STATE__URL": f"sqlite:///{tmp_path / 'state.db'}"}
    made = installed.run("state", "upgrade", "--config", configuration, **url)
    assert (made.returncode, made.stderr) == (0, "")
    assert "made, schema" in made.stdout
    assert "up to date" in installed.run("state", "upgrade", "--config", configuration, **url).stdout


def test_a_night_runs_from_the_wheel(installed: Installed, demo: Path, sandbox: str) -> None:
    assert "Entra ID and Exchange at http://127.0.0.1:" in sandbox
    night = installed.run("run", "--config", str(demo / "timetable-sync.toml"), "--now", "2026-10-22T02:00")
    assert (night.returncode, night.stderr) == (0, "")
    assert "14 unchanged, 0 held, 0 failed" in night.stdout


def test_the_example_configuration_comes_with_the_wheel(installed: Installed) -> None:
    shown = installed.run("config", "example")
    assert shown.returncode == 0
    assert shown.stdout == (ROOT / "config" / "timetable-sync.toml").read_text("utf-8")
