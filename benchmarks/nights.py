"""Real nights of a whole university's semester: which of them, and a state as it was the evening before."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.installation import NO_GUARDS, Installation, installed
from benchmarks.service import ROOT, Service

DATABASE = "university-nights-2024S2.sqlite"
_CONFIGURATION = ROOT / "docs" / "examples" / "university-nights.toml"
_NOW = "2024-07-01T02:00"


def chosen(data: Path) -> list[tuple[str, int]]:
    """Names and numbers of three nights, of those after which and before which the whole semester was published."""
    with closing(sqlite3.connect(f"file:{data / DATABASE}?mode=ro", uri=True)) as database:
        found = database.execute(
            "SELECT n, occ_added + occ_removed + occ_room_changed + occ_end_changed + moved_within_week AS changes"
            " FROM snapshot_diff WHERE n > 1 + (SELECT min(n) FROM snapshot"
            " WHERE occurrences > 0.9 * (SELECT max(occurrences) FROM snapshot)) ORDER BY changes, n"
        ).fetchall()
    places = {"the median night": len(found) // 2, "90th percentile": len(found) * 9 // 10, "the worst night": len(found) - 1}
    return [(f"{name}, {found[place][1]:,} differences", int(found[place][0])) for name, place in places.items()]


def prepared(folder: Path, data: Path, service: Service, night: int) -> Installation:
    """An installation in whose calendars the night before ``night`` stands."""
    made = installed(folder, service, _NOW, _CONFIGURATION, **NO_GUARDS)
    shutil.copyfile(data / DATABASE, made.timetable)
    made.timetable.chmod(0o600)
    _set_night(made, night - 1)
    made.seed()
    service.tell(mark=True)
    for file in folder.glob("state.db*"):
        shutil.copyfile(file, folder / f"before-{file.name}")
    _set_night(made, night)
    return made


def back_to(made: Installation, night: int) -> None:
    """The state, and the calendars, of the evening before."""
    made.forget()
    for file in made.folder.glob("before-state.db*"):
        shutil.copyfile(file, made.folder / file.name.removeprefix("before-"))
    made.service.tell(restore=True)
    _set_night(made, night)


def counted(made: Installation) -> tuple[int, int]:
    """Calendars and events of the night."""
    with closing(sqlite3.connect(made.timetable)) as database:
        found = database.execute("SELECT count(DISTINCT course_id), count(*) FROM v_occ_tonight").fetchone()
    return int(found[0]), int(found[1])


def changed_calendars(made: Installation) -> int:
    """In how many calendars the latest run changed something."""
    with closing(sqlite3.connect(made.folder / "state.db")) as database:
        found = database.execute("SELECT count(DISTINCT address) FROM history").fetchone()
    return int(found[0])


def _set_night(made: Installation, night: int) -> None:
    with closing(sqlite3.connect(made.timetable)) as database, database:
        database.execute("UPDATE tonight SET n = ?", (night,))
