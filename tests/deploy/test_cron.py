"""The cron file's line, run as cron runs it: next to no environment, no terminal, by /bin/sh."""

import fcntl
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.house import House
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.slow

CRONTAB = (Path(__file__).resolve().parents[2] / "deploy" / "cron" / "timetable-sync").read_text("utf-8")
LINES = [line for line in CRONTAB.splitlines() if line and not line.startswith("#")]
#: What fits onto a screen.
SCREEN = 40


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def house(tmp_path: Path, sandbox: SandboxProcess) -> House:
    """As the cron file has it: certificate and key are credentials."""
    house = House(tmp_path, sandbox)
    text = house.configuration.read_text("utf-8").replace("{ file =", "{ credential =")
    house.configuration.write_text(text.replace("sqlite:///timetable.db", f"sqlite:///{tmp_path}/timetable.db"), "utf-8")
    return house


def by_cron(house: House) -> subprocess.CompletedProcess[str]:
    """The line, with this machine's paths; the environment is cron's (man 5 crontab) and what the file itself sets."""
    settings = dict(line.split("=", 1) for line in LINES if " " not in line.partition("=")[0])
    minute, hour, day, month, weekday, user, command = LINES[-1].split(None, 6)
    assert (user, hour, day, month, weekday) == ("timetable-sync", "2", "*", "*", "*")
    assert minute.isdigit()
    for theirs, ours in {
        "/opt/timetable-sync/bin/timetable-sync": f"{sys.executable} -m timetable_sync",
        "/etc/timetable-sync/timetable-sync.toml": str(house.configuration),
        "/var/lib/timetable-sync/": f"{house.folder}/",
    }.items():
        assert theirs in command
        command = command.replace(theirs, ours)
    assert settings.pop("CREDENTIALS_DIRECTORY") == "/etc/timetable-sync/credentials"
    del settings["MAILTO"]
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": str(house.folder), "LOGNAME": "timetable-sync", **settings, "CREDENTIALS_DIRECTORY": str(house.folder)},
        cwd=house.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=120,
        check=False,
    )


def mail(ended: subprocess.CompletedProcess[str]) -> str:
    return ended.stdout + ended.stderr


def test_it_says_nothing_when_all_is_well(house: House) -> None:
    if shutil.which("flock") is None:
        pytest.skip("not here: flock is util-linux's")
    for _ in range(2):
        ended = by_cron(house)
        assert (ended.returncode, mail(ended)) == (0, "")
    assert house.titles() == ["Logic"] * 4


def test_it_says_one_screen_of_text_when_somebody_is_needed(house: House) -> None:
    house.lessons(10)
    assert mail(by_cron(house)) == ""

    # One by one: a guard holds, a mailbox is gone, a row is no row, the timetable is away.
    house.lessons(2)
    held = by_cron(house)
    assert held.returncode == 5
    assert "held" in mail(held)
    assert "--force-guard" in mail(held)

    house.lessons(10)
    house.sandbox.client.remove_mailbox(house.address("COMP101"))
    with sqlite3.connect(house.folder / "timetable.db") as database:
        database.execute("UPDATE meeting SET ends = NULL WHERE activity = 'MATH101-3'")
    failed = by_cron(house)
    assert failed.returncode == 1
    assert "COMP101" in mail(failed)
    assert "1 row" in mail(failed)

    (house.folder / "timetable.db").unlink()
    away = by_cron(house)
    assert away.returncode == 4

    for ended in (held, failed, away):
        said = mail(ended)
        assert 1 <= len(said.splitlines()) <= SCREEN, said
        assert "\x1b" not in said, "no colours, no bars"
        assert "Traceback" not in said


def test_a_night_that_is_still_at_work_is_left_alone_in_silence(house: House) -> None:
    with (house.folder / "cron.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = by_cron(house)
    assert (ended.returncode, mail(ended)) == (0, "")
    assert house.titles() == []
