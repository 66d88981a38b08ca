"""Who may read what is secret, and the state database's file. Looks at modes, opens what a run would open, changes nothing."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from timetable_sync.config.load import Loaded
from timetable_sync.config.secret_checks import inspect_secrets
from timetable_sync.doctor.results import CheckResult, Part, failed, passed, warned
from timetable_sync.errors import TimetableSyncError
from timetable_sync.reports.formatting import counted
from timetable_sync.state.engine import sqlite_file, state_url

#: What a run cannot begin without, where it is named. Other secrets are of those who are told of it.
_NEEDED = ("entra", "ews", "network", "state", "timetable")


def closed_files(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    """A failure for each secret that a run would refuse, a warning for what others may read without harm to a run."""
    found, problems = inspect_secrets(loaded, environ)
    for problem in problems:
        table = problem.key.partition(".")[0]
        said = f"{problem.key} {problem.what}"
        if table in _NEEDED and not (table == "entra" and loaded.settings.ews.sign_in != "entra"):
            yield failed(Part.FILES, said.rpartition(". ")[0] or said, said.rpartition(". ")[2], 2, key=problem.key)
        else:
            yield warned(Part.FILES, said.rpartition(". ")[0] or said, said.rpartition(". ")[2], key=problem.key)
    absent = [secret for secret in found if secret.found != "there"]
    for secret in absent:
        yield warned(
            Part.FILES,
            f"{secret.key} = {secret.reference}: {secret.found}",
            "Type this as the service would: with its environment, or with CREDENTIALS_DIRECTORY set.",
            key=secret.key,
        )
    state, trouble = _state_file(loaded, environ)
    if trouble is not None:
        yield trouble
    if not problems and not absent and trouble is None:
        state_too = " and the state database" if state is not None and state.exists() else ""
        yield passed(Part.FILES, f"{counted(len(found), 'secret')}{state_too}, closed to others")


def _state_file(loaded: Loaded, environ: Mapping[str, str]) -> tuple[Path | None, CheckResult | None]:
    """The state database's file, if it is one, and what is to be said of who may read it."""
    try:
        file = sqlite_file(state_url(loaded.settings.state, environ))
    except TimetableSyncError:
        return None, None  # the state database's own line says so
    if file is None or not file.exists() or os.name != "posix":
        return file, None
    for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            said = f"others can read or change the state database {path} (mode {mode:04o}): all events of the timetable stand in it"
            return file, warned(Part.FILES, said, f"Close it: chmod 600 {path}", file=str(path))
    return file, None
