"""Which starts of the schedule have had their night, by what is on record."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.state.making import SOURCE, WINDOW
from timetable_sync.errors import AlreadyRun
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State

TWO = datetime(2026, 11, 24, 2, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOW = TWO + 6 * HOUR


def begin(state: State, due: datetime | None, started: datetime | None = None) -> int:
    return state.begin_run(RunBeginning(SOURCE, started or due or TWO, WINDOW, due=due))


def night(state: State, due: datetime | None, finished: datetime, *, exit_code: int = 0) -> int:
    run = begin(state, due)
    state.finish_run(run, finished=finished, exit_code=exit_code, counts={})
    return run


def test_a_start_is_on_record_with_its_run(state: State) -> None:
    night(state, TWO, TWO + HOUR)
    night(state, None, TWO + 2 * HOUR)
    assert [run.due for run in state.runs(SOURCE, None)] == [None, TWO]


def test_a_night_is_for_its_start_and_for_those_that_came_while_it_was_at_work(state: State) -> None:
    assert state.scheduled.handled_until(SOURCE, NOW) is None
    night(state, TWO, TWO + 3 * HOUR, exit_code=1)
    assert state.scheduled.handled_until(SOURCE, NOW) == TWO + 3 * HOUR
    with pytest.raises(AlreadyRun, match="24 Nov 2026, 04:00:00 UTC"):
        begin(state, TWO + 2 * HOUR)
    begin(state, TWO + DAY)


def test_a_run_that_somebody_asked_for_is_for_no_start(state: State) -> None:
    night(state, None, TWO + HOUR)
    assert state.scheduled.handled_until(SOURCE, NOW) is None
    begin(state, TWO)


def test_a_night_that_never_ended_or_lost_its_lease_counts_for_nothing(state: State) -> None:
    killed = begin(state, TWO)
    night(state, TWO, TWO + HOUR, exit_code=6)
    assert state.scheduled.handled_until(SOURCE, NOW) is None
    assert [attempt.run for attempt in state.scheduled.attempts(SOURCE, TWO)] == [killed]
    assert state.scheduled.attempts(SOURCE, TWO + DAY) == []
    night(state, TWO, TWO + 2 * HOUR)
    assert state.scheduled.handled_until(SOURCE, NOW) == TWO + 2 * HOUR


def test_a_night_that_could_not_use_its_configuration_or_the_state_counts_for_nothing(state: State) -> None:
    night(state, TWO, TWO + HOUR, exit_code=2)
    assert state.scheduled.handled_until(SOURCE, NOW) is None
    assert state.scheduled.attempts(SOURCE, TWO) == []
    begin(state, TWO)


def test_what_was_recorded_while_a_clock_was_years_ahead_keeps_no_night_from_being_run(state: State) -> None:
    far = 400 * DAY
    night(state, TWO, TWO + HOUR)
    night(state, TWO + far, TWO + far + HOUR)
    assert state.scheduled.handled_until(SOURCE, NOW) == TWO + HOUR
    # It was set right while the night was at work.
    night(state, TWO + DAY, TWO + far)
    assert state.scheduled.handled_until(SOURCE, TWO + DAY + HOUR) == TWO + DAY
    begin(state, TWO + 2 * DAY)
    assert state.scheduled.in_force_since(SOURCE, "0 2 * * * in UTC", TWO + far) == TWO + far
    assert state.scheduled.in_force_since(SOURCE, "0 2 * * * in UTC", NOW) == NOW


def test_a_schedule_is_in_force_since_it_was_first_seen_or_changed(state: State) -> None:
    scheduled = state.scheduled
    assert scheduled.in_force_since(SOURCE, "0 2 * * * in UTC", TWO) == TWO
    assert scheduled.in_force_since(SOURCE, "0 2 * * * in UTC", TWO + DAY) == TWO
    assert scheduled.in_force_since(SOURCE, "0 3 * * * in UTC", TWO + DAY) == TWO + DAY
    assert scheduled.in_force_since("another", "0 3 * * * in UTC", TWO + 2 * DAY) == TWO + 2 * DAY
    assert scheduled.in_force_since(SOURCE, "0 3 * * * in UTC", TWO + 2 * DAY) == TWO + DAY
