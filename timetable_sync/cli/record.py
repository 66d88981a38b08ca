"""The way to the state database, for the commands that look back. Apart from the options, as most commands open none."""

from collections.abc import Iterator
from contextlib import contextmanager

from timetable_sync.settings.load import Loaded
from timetable_sync.state.database import State, open_state


@contextmanager
def state_of(loaded: Loaded) -> Iterator[State]:
    """The state database, to look at."""
    with open_state(loaded.settings.state, read_only=True) as state:
        yield state
