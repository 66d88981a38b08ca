"""Bodies that people edit by a sign, over HTTP, with the sandbox's Exchange."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.installation import Installation

COMP = "comp101@groups.example.ac.uk"
NOW = ("--now", "2026-10-13T01:00")
BODY = """<p>{{ title }}: room 1.2, C++ (<a href=\"https://meet.example.ac.uk/1\">Join</a>)</p><ol><li>Bring paper</li></ol><hr>"""


@pytest.fixture
def filled(installation: Installation) -> Iterator[Installation]:
    installation.environment |= {"TIMETABLE_SYNC_EVENT__BODY": BODY, "TIMETABLE_SYNC_EVENT__BODY_KIND": "html"}
    assert installation.run(*NOW).returncode == 0
    yield installation
    assert installation.sandbox.client.mails() == 0


@pytest.mark.parametrize(
    ("was", "edited"),
    [
        ("room 1.2", "room 12"),
        ("C++", "C"),
        ("https://meet.example.ac.uk/1", "https://meet.example.ac.uk/2"),
        ("Bring paper", "Bring paper?"),
        ("C++ (", "C++ [an hour later] ("),
    ],
)
def test_one_sign_or_one_target_that_somebody_changed_is_put_back(filled: Installation, was: str, edited: str) -> None:
    client = filled.sandbox.client
    event = client.events(COMP)[0]
    assert was in event["body"]
    client.edit_event(COMP, event["id"], body=event["body"].replace(was, edited))

    night = filled.run(*NOW)

    assert night.returncode == 0, night.stdout
    assert client.events(COMP)[0]["body"] == event["body"]


def test_a_lost_state_finds_all_bodies_as_they_were_written(filled: Installation) -> None:
    filled.state.unlink()
    filled.sandbox.client.reset_requests()

    assert filled.run(*NOW).returncode == 0

    assert filled.written() == set()
    assert filled.sandbox.client.requests()["GetItem"] > 0
