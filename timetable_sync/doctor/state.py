"""The state database: whether it is there, fits, can be written, and whether another run holds it. Changes nothing."""

import os
from collections.abc import Iterator, Mapping

from timetable_sync.config.schema import Settings
from timetable_sync.doctor.results import CheckResult, Part, failed, passed
from timetable_sync.state.engine import nothing_there, sqlite_file, state_url
from timetable_sync.state.maintenance import wanted_version
from timetable_sync.state.store import State


def state_opened(settings: Settings, environ: Mapping[str, str], state: State) -> Iterator[CheckResult]:
    """What is to be said of a state database that could be opened."""
    url = state_url(settings.state, environ)
    file = sqlite_file(url)
    if nothing_there(url) and file is not None:
        if file.parent.is_dir() and os.access(file.parent, os.W_OK):
            yield passed(Part.STATE, f"{state.where} is not there yet: the first run makes it", where=state.where, schema=None)
        else:
            missing = "may not be written" if file.parent.is_dir() else "does not exist"
            yield failed(
                Part.STATE,
                f"{state.where} is not there yet, and its folder {missing}",
                f"Make it, owned by the user that runs this: install -d -m 700 {file.parent}",
                2,
                where=state.where,
            )
        return
    if file is not None and not os.access(file, os.W_OK):
        yield failed(Part.STATE, f"{state.where} may not be written", "Check who owns it, and as whom this is typed.", 2, where=state.where)
        return
    lease = state.recorded.lease()
    if lease is not None:
        yield failed(
            Part.STATE,
            f"another run is at work, since {lease.since:%d %b %H:%M} UTC on {lease.host} (process {lease.pid})",
            "Nothing is wrong with that; a run now would be refused. Type this again after it.",
            6,
            where=state.where,
        )
        return
    yield passed(Part.STATE, f"{state.where}, schema {wanted_version()}", where=state.where, schema=wanted_version())
