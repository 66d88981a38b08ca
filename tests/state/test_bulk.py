"""What is written past SQLAlchemy's own way stands in the database as it would have come by that way."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.state.making import CALENDAR, MAPPING, MONDAY, SOURCE, WINDOW, created, deleted, event, updated
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.model.change import Create, Reason
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.state import bulk as upsert
from timetable_sync.state import event_json
from timetable_sync.state.bulk import Bulk
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State, open_state
from timetable_sync.state.tables import history, ledger

COLUMNS = [column.name for column in ledger.columns]


@pytest.fixture
def engine(url: str, state: State) -> sa.Engine:
    return sa.create_engine(url)


@pytest.mark.parametrize(
    "moment",
    [
        MONDAY,
        datetime(2026, 3, 29, 2, 30, 1, 5, ZoneInfo("Europe/London")),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_rows_of_the_ledger_are_those_that_sqlalchemy_would_write(
    engine: sa.Engine, query: Callable[[str], list[tuple[object, ...]]], moment: datetime
) -> None:
    bulk = Bulk(ledger, COLUMNS, key=("source", "address", "service", "name", "key"))
    with engine.begin() as connection:
        row = {name: f"{name} é 'x' %s :y ?" for name in COLUMNS} | {"starts": moment, "ends": moment}
        connection.execute(sa.insert(ledger), [row | {"key": "theirs"}])
        kept = bulk.moment(connection)(moment)
        for name in ("before", "ours"):
            row |= {"key": "ours", "label": name, "starts": kept, "ends": kept}
            bulk.write(connection, [[row[name] for name in COLUMNS]])
    theirs, ours = (query(f"SELECT * FROM ledger WHERE key = '{whose}'")[0] for whose in ("theirs", "ours"))
    assert [value for name, value in zip(COLUMNS, ours, strict=True) if name not in ("key", "label")] == [
        value for name, value in zip(COLUMNS, theirs, strict=True) if name not in ("key", "label")
    ]
    assert ours[COLUMNS.index("label")] == "ours"
    with engine.begin() as connection:
        assert connection.scalar(sa.select(ledger.c.starts).where(ledger.c.key == "ours")) == moment


def test_a_statement_is_put_into_words_once(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    state.written(run, SOURCE, CALENDAR, [created("a")], MAPPING)
    monkeypatch.setattr(upsert, "_statement", lambda *_: pytest.fail("it was put into words again"))
    state.written(run, SOURCE, CALENDAR, [created("b", 1, "item-b")], MAPPING)
    assert len(state.ledger_entries(SOURCE, CALENDAR)) == 2


def test_nothing_to_write_asks_nothing(engine: sa.Engine) -> None:
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given_: asked.append(str(given_[2])))
    with engine.begin() as connection:
        Bulk(history, ["key"]).write(connection, [])
    assert asked == []


def test_both_kinds_of_database_are_written_by_one_process(sqlite_url: str, state: State) -> None:
    with open_state(StateDatabase(url=sqlite_url.replace("state.db", "another.db"))) as another:
        for one in (state, another):
            one.written(one.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW)), SOURCE, CALENDAR, [created("a")], MAPPING)
            assert [entry.start for entry in one.ledger_entries(SOURCE, CALENDAR).values()] == [event("a").start]


TEXTS = st.one_of(st.none(), st.text(st.characters(), max_size=20), st.just("x" * 1_000), st.sampled_from(["\ud800", 'a"b\\c\n\x00']))


@given(
    st.builds(
        lambda hours, zone, subject, location, body, categories, busy, reminder, sensitivity: replace(
            event(),
            start=MONDAY + timedelta(hours=hours),
            end=MONDAY + timedelta(hours=hours + 1),
            zone=zone,
            subject=subject or "",
            location=location,
            body=body,
            categories=categories,
            busy=busy,
            reminder=reminder,
            sensitivity=sensitivity,
        ),
        st.integers(0, 5_000),
        st.sampled_from(["Europe/London", "Asia/Tokyo"]),
        TEXTS,
        TEXTS,
        TEXTS,
        st.sampled_from([None, (), ("a", "b")]),
        st.sampled_from(Busy),
        st.sampled_from([None, 0, 1, 15]),
        st.sampled_from(Sensitivity),
    )
)
def test_an_event_in_json_is_what_its_portrait_is(event: Event) -> None:
    change = Create(event, "marker", Reason.TIMETABLE)
    action, before, after = event_json.of_change_in_json(change)
    assert (action, before, json.loads(after or "")) == event_json.of_change(change)


def test_what_stood_is_kept_in_json_too() -> None:
    for outcome in (updated(), deleted()):
        action, before, after = event_json.of_change_in_json(outcome.change)
        assert (action, json.loads(before or ""), None if after is None else json.loads(after)) == event_json.of_change(outcome.change)
