"""Questions that are asked a thousand times a night, or after years, are answered by an index and never by reading a whole table."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.state.making import CALENDAR, SOURCE, WINDOW, key
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.state.store import State, open_state


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        (lambda state: state.ledger_entries(SOURCE, CALENDAR, WINDOW), "(source=? AND address=? AND starts>? AND starts<?)"),
        (lambda state: state.ledger_entries(SOURCE, CALENDAR), "(source=? AND address=?)"),
        (lambda state: state.changes(SOURCE, key=key("a")), "history_by_key (source=? AND key=?)"),
        (lambda state: state.changes(SOURCE, address=CALENDAR.address), "history_by_address (source=? AND address=?)"),
        (lambda state: state.changes(SOURCE, run_id=1), "history_by_run (run_id=? AND source=?)"),
        (lambda state: state.last_run(SOURCE), "run_by_source (source=?)"),
        (lambda state: state.run_calendars(1), "(run_id=?)"),
        (lambda state: state.run_verdicts(1), "verdict_by_run (run_id=?)"),
    ],
)
def test_the_answer_comes_by_an_index(sqlite_url: str, ask: Callable[[State], object], path: str) -> None:
    with open_state(StateDatabase(url=sqlite_url)) as state:
        database = state._database  # to see what is asked
        assert database is not None
        asked: list[tuple[str, tuple[object, ...]]] = []

        def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
            asked.append((statement, parameters))

        sa.event.listen(database._engine, "before_cursor_execute", note)
        ask(state)
        sa.event.remove(database._engine, "before_cursor_execute", note)
        statement, parameters = next(found for found in asked if found[0].startswith("SELECT"))
        with database.reading() as connection:
            plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert len([step for step in plan if step.startswith(("SEARCH", "SCAN"))]) == 1
    assert path in plan[0]
