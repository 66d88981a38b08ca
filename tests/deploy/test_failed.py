"""The unit that tells that another failed, its mail by the very command in it: to a real mail server."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.alerts.listeners import mail_server
from tests.databases import missing

UNIT = Path(__file__).parents[2] / "deploy/systemd/timetable-sync-failed@.service"


def command() -> str:
    """What /bin/sh -c is given, as systemd makes it of the line: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html"""
    text = UNIT.read_text("utf-8").replace("\\\n", " ")
    found = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", text, re.MULTILINE)
    assert found is not None
    said = found[1].replace("%i", "timetable-sync.service").replace("%H", "host1")
    assert "%" not in said
    return said.replace("$$", "$").replace("\\\\", "\\")


def told(**environment: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("curl") is None:
        missing("curl is not here")
    environment = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(["/bin/sh", "-c", command()], env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_where_the_file_says_how_a_mail_goes_out() -> None:
    with mail_server() as mail:
        ended = told(MAIL_SERVER=f"smtp://127.0.0.1:{mail.port}", MAIL_FROM="root@example.ac.uk", MAIL_TO="it@example.ac.uk")
    assert (ended.returncode, ended.stderr) == (0, "")
    (letter,) = mail.letters
    assert (letter["Subject"], letter["To"]) == ("timetable-sync.service failed on host1", "it@example.ac.uk")
    assert mail.text().strip() == "See: journalctl --unit=timetable-sync.service"


def test_where_it_is_not_there_nothing_is_tried() -> None:
    ended = told()
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_mail_server_that_is_down_is_a_failure_that_shows() -> None:
    ended = told(MAIL_SERVER="smtp://127.0.0.1:1", MAIL_FROM="root@example.ac.uk", MAIL_TO="it@example.ac.uk")
    assert ended.returncode != 0
    assert "curl" in ended.stderr


@pytest.mark.parametrize(
    "unit", ["timetable-sync.service", "timetable-sync@.service", "timetable-sync-run.service", "timetable-sync-run@.service"]
)
def test_every_service_starts_it_when_it_fails(unit: str) -> None:
    """Also for a configuration that cannot be read (exit code 2), of which nothing else can tell: it is what names the ways to tell."""
    text = (UNIT.parent / unit).read_text("utf-8")
    assert "\nOnFailure=timetable-sync-failed@%n.service\n" in text
    for line in re.findall(r"^SuccessExitStatus=(.*)$", text, re.MULTILINE):
        assert line == "6"
    if "Restart=on-failure" in text:
        assert "\nRestartPreventExitStatus=2\n" in text
