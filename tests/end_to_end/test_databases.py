"""Whole nights over HTTP with the timetable and the state in each kind of database: first, changed, quiet, and with the ledger lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, DateTime, MetaData, String, Table, create_engine

from tests.databases import MARIADB, POSTGRESQL, database_of_our_own, emptied
from tests.end_to_end.installation import Installation
from tests.plain_configuration import REPLACED
from tests.sandbox_process import SandboxProcess

NOW = ("--now", "2026-10-13T02:00")
ZONE = ZoneInfo("Europe/London")
CALENDARS = {"COMP101": "comp101@groups.example.ac.uk", "MATH101": "math101@groups.example.ac.uk"}

#: activity, module, start, title
Meeting = tuple[str, str, datetime, str]
Standing = dict[str, list[tuple[datetime, datetime, str]]]

#: All that a night with nothing to do may ask for.
READING = {"token", "GetFolder", "FindItem"}


def at(month: int, day: int, hour: int = 9) -> datetime:
    # Naive on purpose: so it stands in the database, in the zone of the configuration.
    return datetime.fromisoformat(f"2026-{month:02d}-{day:02d}T{hour:02d}:00")


#: Wednesdays before and after the clocks change on 25 October; titles as people have them.
FIRST: list[Meeting] = [
    (activity, module, at(month, day), title)
    for activity, module, title in (
        ("A1", "COMP101", "Logic \u2013 \u201cPr\u00e9dicats\u201d"),
        ("M1", "MATH101", "\u041b\u043e\u0433\u0438\u043a\u0430"),
    )
    for month, day in ((10, 14), (10, 21), (10, 28), (11, 4), (11, 11), (11, 18))
]
#: One lesson moved within its week, one gone, one new, one with another title: four writes.
CHANGED: list[Meeting] = [
    ("A1", "COMP101", at(10, 15, 14), FIRST[0][3]),
    *FIRST[1:5],
    *FIRST[6:11],
    (*FIRST[11][:3], "Sets"),
    ("M1", "MATH101", at(11, 25), "Sets"),
]


class Bench:
    """One installation, its timetable's table, and how its state is lost."""

    def __init__(self, installation: Installation, timetable_url: str, state_url: str) -> None:
        self.installation, self.client = installation, installation.sandbox.client
        self._state_url = state_url
        self._engine = create_engine(timetable_url)
        # Drivers differ in what a date with a time is; VARCHAR and DATETIME are what such tables really have.
        self._table = Table(
            "meeting",
            MetaData(),
            Column("activity", String(20)),
            Column("module", String(20)),
            Column("starts", DateTime),
            Column("ends", DateTime),
            Column("title", String(200)),
        )

    def publish(self, meetings: list[Meeting]) -> None:
        """From now on the timetable is this; every lesson takes an hour."""
        with self._engine.begin() as connection:
            self._table.drop(connection, checkfirst=True)
            self._table.create(connection)
            connection.execute(
                self._table.insert(),
                [
                    {"activity": activity, "module": module, "starts": start, "ends": start.replace(hour=start.hour + 1), "title": title}
                    for activity, module, start, title in meetings
                ],
            )
        self._engine.dispose()

    def lose_the_ledger(self) -> None:
        """The state database is deleted."""
        if self._state_url:
            emptied(POSTGRESQL, self._state_url)
        else:
            self.installation.state.unlink()

    def night(self) -> None:
        """A night that goes well; requests are counted from its beginning."""
        self.client.reset_requests()
        done = self.installation.run(*NOW)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr

    def standing(self) -> Standing:
        """What stands in the sandbox, the colleague's appointment left out."""
        return {
            address: sorted((moment(event["start"]), moment(event["end"]), event["subject"]) for event in events if event["extended"])
            for address, events in self.client.all_events().items()
        }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def wanted(meetings: list[Meeting]) -> Standing:
    """What ought to stand, worked out here and by nothing of the package."""
    found: Standing = {address: [] for address in CALENDARS.values()}
    for _, module, start, title in meetings:
        begin, end = (start.replace(hour=hour, tzinfo=ZONE).astimezone(UTC) for hour in (start.hour, start.hour + 1))
        found[CALENDARS[module]].append((begin, end, title))
    return {address: sorted(events) for address, events in found.items()}


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, sandbox: SandboxProcess) -> Iterator[Bench]:
    """With the timetable and the state in the kinds of database that the test asks for."""
    timetable, state = request.param
    with ExitStack() as stack:
        timetable_url = f"sqlite:///{tmp_path / 'timetable.db'}"
        if timetable != "SQLite":
            timetable_url = stack.enter_context(database_of_our_own(POSTGRESQL if timetable == "PostgreSQL" else MARIADB))
        state_url = stack.enter_context(database_of_our_own(POSTGRESQL)) if state == "PostgreSQL" else ""
        configuration = tmp_path / "timetable-sync.toml"
        configuration.write_text(REPLACED, "utf-8")
        sandbox.client.clear_faults()
        for address in CALENDARS.values():
            sandbox.client.remove_mailbox(address)
            sandbox.client.add_mailbox(address)
        yield Bench(Installation(tmp_path, sandbox, configuration, timetable_url, state_url), timetable_url, state_url)


@pytest.mark.slow
@pytest.mark.parametrize(
    "bench",
    [(timetable, state) for timetable in ("SQLite", "PostgreSQL", "MariaDB") for state in ("SQLite", "PostgreSQL")],
    ids=lambda kinds: "timetable in {}, state in {}".format(*kinds),
    indirect=True,
)
def test_nights_come_out_the_same_whatever_databases_hold_timetable_and_state(bench: Bench) -> None:
    client = bench.client
    mails = client.mails()
    client.add_appointment(CALENDARS["COMP101"], "Coffee", "2026-10-14T08:00:00Z", "2026-10-14T09:00:00Z", body="Milk?")
    (coffee,) = client.events(CALENDARS["COMP101"])

    bench.publish(FIRST)
    bench.night()
    assert bench.standing() == wanted(FIRST)

    before = {event["id"]: event["change_key"] for events in client.all_events().values() for event in events}
    bench.publish(CHANGED)
    bench.night()
    assert bench.standing() == wanted(CHANGED)
    after = {event["id"]: event["change_key"] for events in client.all_events().values() for event in events}
    # Moved and renamed are updates of the item that was there; then one created and one deleted.
    assert len(after.keys() - before.keys()) == len(before.keys() - after.keys()) == 1
    assert sum(before[item] != after[item] for item in before.keys() & after.keys()) == 2

    everything = client.all_events()
    bench.night()
    assert client.all_events() == everything
    assert set(client.requests()) <= READING

    bench.lose_the_ledger()
    for _ in ("the ledger is rebuilt", "and knows everything again"):
        bench.night()
        assert client.all_events() == everything
    assert set(client.requests()) <= READING

    assert [event for event in client.events(CALENDARS["COMP101"]) if event["id"] == coffee["id"]] == [coffee]
    assert client.mails() == mails
