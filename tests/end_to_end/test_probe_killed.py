"""``doctor --write`` killed by -9 at each step: a night lets what is left alone, the next probe removes it, nobody gets mail."""

import time
from typing import Any

import pytest

from tests.end_to_end.installation import Installation

ADDRESS = "comp101@groups.example.ac.uk"
NOW = ("--now", "2026-10-13T02:00")


def probes(installation: Installation) -> list[dict[str, Any]]:
    return [event for event in installation.sandbox.client.events(ADDRESS) if event["subject"].startswith("timetable-sync: a probe")]


def kill_at(installation: Installation, operation: str, when: str) -> None:
    """Begin a probe, and kill it while it waits for the answer to this request; ``when`` says whether that was carried out."""
    client = installation.sandbox.client
    client.set_fault({"what": "silence", "operation": operation, "mailbox": ADDRESS, "when": when, "seconds": 30})
    with installation.start("--write", "--calendar", "COMP101", verb="doctor") as process:
        until = time.monotonic() + 60
        while not any(fault["struck"] for fault in client.faults()):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.05)
        if when == "after":
            # The work is done before the silence begins, but perhaps not yet at this very moment.
            time.sleep(0.3)
        process.kill()
        process.communicate(timeout=30)
        assert process.returncode == -9
    client.clear_faults()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "when", "left"), [("CreateItem", "after", 1), ("UpdateItem", "after", 1), ("DeleteItem", "before", 1)]
)
def test_what_a_killed_probe_leaves_harms_nothing_and_is_removed_by_the_next(
    installation: Installation, operation: str, when: str, left: int
) -> None:
    client = installation.sandbox.client
    mails = client.mails()
    kill_at(installation, operation, when)
    before = probes(installation)
    assert len(before) == left

    night = installation.run(*NOW, "--quiet")

    assert (night.returncode, night.stdout, night.stderr) == (0, "", "")
    assert probes(installation) == before

    with installation.start("--write", "--calendar", "COMP101", verb="doctor") as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert ("1 event of an earlier probe removed" in said) is (left == 1)
    assert probes(installation) == []
    assert sum(event["subject"] == "Logic" for event in client.events(ADDRESS)) == 3
    assert client.mails() == mails == 0


@pytest.mark.slow
def test_one_that_was_left_long_ago_is_removed_too(installation: Installation) -> None:
    client = installation.sandbox.client
    kill_at(installation, "UpdateItem", "before")
    (probe,) = probes(installation)
    client.edit_event(ADDRESS, probe["id"], start="2026-02-03T09:00:00Z", end="2026-02-03T09:15:00Z")

    with installation.start("--write", "--calendar", "COMP101", verb="doctor") as process:
        said, _ = process.communicate(timeout=120)

    assert (process.returncode, "1 event of an earlier probe removed" in said) == (0, True), said
    assert probes(installation) == []
