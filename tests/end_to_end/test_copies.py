"""What people make by copying events of ours, over HTTP, with the sandbox's Exchange: Outlook copies the mark along."""

from typing import Any

import pytest

from tests.end_to_end.installation import Installation

COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"
NOW = ("--now", "2026-10-13T01:00")
MINE: dict[str, Any] = {"subject": "Mine", "start": "2026-10-15T15:00", "end": "2026-10-15T16:00"}


@pytest.fixture
def filled(installation: Installation) -> Installation:
    assert installation.run(*NOW).returncode == 0
    return installation


def of(installation: Installation, item: str, address: str = COMP) -> dict[str, Any] | None:
    return next((one for one in installation.sandbox.client.events(address) if one["id"] == item), None)


@pytest.mark.parametrize("lost", [False, True], ids=["state", "state lost"])
@pytest.mark.parametrize("policy", ["restore", "keep"])
@pytest.mark.parametrize("gone", [False, True], ids=["", "original deleted"])
def test_a_copy_that_somebody_changed_stays_and_is_named_once(filled: Installation, policy: str, *, lost: bool, gone: bool) -> None:
    client = filled.sandbox.client
    filled.environment |= {"TIMETABLE_SYNC_DRIFT__EDITED": policy}
    before = client.events(COMP)
    copy = client.copy_event(COMP, before[0]["id"], **MINE)
    theirs = of(filled, copy)
    if gone:
        client.delete_event(COMP, before[0]["id"])
    if lost:
        filled.state.unlink()

    first, second = filled.run(*NOW), filled.run(*NOW)

    assert first.returncode == second.returncode == 0
    assert of(filled, copy) == theirs
    assert len(client.events(COMP)) == len(before) + (0 if gone and lost else 1)
    if not (gone and lost):
        assert "made by someone as a copy of an event of ours" in first.stdout
        assert "as a copy" not in second.stdout
    else:
        assert "no record tells which" in first.stdout
        assert "no record tells which" in second.stdout


def test_a_copy_in_another_calendar_stays_if_somebody_changed_it(filled: Installation) -> None:
    client = filled.sandbox.client
    source = client.events(COMP)[0]["id"]
    moved, noted = (client.copy_event(COMP, source, to=MATH, **fields) for fields in (MINE, {"body": "Bring a pen"}))
    same = client.copy_event(COMP, source, to=MATH)
    theirs = [of(filled, item, MATH) for item in (moved, noted)]

    night = filled.run(*NOW)

    assert night.returncode == 0, night.stdout
    assert [of(filled, item, MATH) for item in (moved, noted)] == theirs
    assert of(filled, same, MATH) is None
