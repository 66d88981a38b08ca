"""A calendar's mailbox is missing, doubled or misspelt tonight: it keeps what it has, is named, and the other one goes ahead."""

import sqlite3

import pytest

from tests.end_to_end.installation import Installation

NOW = ("--now", "2026-10-13T02:00")
COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"


def subjects(installation: Installation, address: str) -> list[str]:
    return sorted(event["subject"] for event in installation.sandbox.client.events(address))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM mailbox WHERE name = 'COMP101'", '"COMP101" has no mailbox'),
        ("UPDATE mailbox SET email = '' WHERE name = 'COMP101'", '"COMP101" has no mailbox'),
        (
            "INSERT INTO mailbox VALUES ('COMP101', 'other@groups.example.ac.uk')",
            "it has several mailboxes, of which one can be meant, so it was not touched",
        ),
        ("UPDATE mailbox SET email = 'cmop101@groups.example.ac.uk' WHERE name = 'COMP101'", "there is no such mailbox"),
        (
            "UPDATE mailbox SET email = 'comp101@gruops.example.ac.uk' WHERE name = 'COMP101'",
            "matches none of the patterns in calendars.allow",
        ),
    ],
)
def test_nothing_is_lost_and_the_report_says_what_is_wrong(installation: Installation, change: str, said: str) -> None:
    text = installation.configuration.read_text("utf-8")
    address = next(line for line in text.splitlines() if line.startswith("address"))
    by_list = 'address = "{{ mailbox }}"\nmailboxes_query = "SELECT name, email FROM mailbox"'
    installation.configuration.write_text(text.replace(address, by_list), "utf-8")
    with sqlite3.connect(installation.folder / "timetable.db") as database:
        database.execute("CREATE TABLE mailbox (name, email)")
        database.executemany("INSERT INTO mailbox VALUES (?, ?)", [("COMP101", COMP), ("MATH101", MATH)])
    first = installation.run(*NOW)
    assert first.returncode == 0, first.stdout + first.stderr
    before = subjects(installation, COMP)
    with sqlite3.connect(installation.folder / "timetable.db") as database:
        database.execute(change)
        database.execute("UPDATE meeting SET title = 'Sets'")

    night = installation.run(*NOW)

    assert night.returncode == 1, night.stdout + night.stderr
    assert said in night.stdout
    assert subjects(installation, COMP) == before
    assert all("Sets" in subject for subject in subjects(installation, MATH))
