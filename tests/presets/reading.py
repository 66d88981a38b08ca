"""Reads a database through a preset, as a night would, and gives its lessons in the oracles' words."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.presets.oracles import Meeting
from timetable_sync.config.load import Loaded, load
from timetable_sync.model.window import Window
from timetable_sync.timetable.columns import fields_of
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import Reading, read_timetable
from timetable_sync.timetable.times import moment_of

CONFIGURATION = """
[timetable]
url = "{url}"
time_zone = "{zone}"
period = "{period}"
preset = {preset}
{more}
[calendars]
address = "{{{{ calendar | slug }}}}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[event]
location = "{{{{ rooms | join(', ') }}}}"
body = "{{{{ staff | join(', ') }}}}"
[window]
past = "1 day"
future = "1400 days"
[entra]
tenant = "00000000-0000-0000-0000-000000000000"
client = "11111111-1111-1111-1111-111111111111"
certificate = {{ file = "certificate.pem" }}
"""

#: All that any of the databases holds.
WHOLE = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))


class Lessons(ReadObserver):
    """Counts lessons by what they are; of UniTime's, the courses take the place of groups."""

    def __init__(self, loaded: Loaded) -> None:
        self.found: Counter[Meeting] = Counter()
        self.cancelled = 0
        self.calendars: set[str] = set()
        self._names = [field.name for field in fields_of(loaded.settings.timetable)]

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        values = dict(zip(self._names, lesson.values, strict=False))
        sets = [tuple(values.get(name, ())) for name in ("rooms", "staff", "groups" if "groups" in values else "courses")]
        title = values["title"]
        assert isinstance(title, str)
        self.found[Meeting(moment_of(lesson.start), moment_of(lesson.end), title, *sets)] += 1
        self.calendars.update(lesson.calendars)


def configured(folder: Path, url: str, preset: str, zone: str, period: str, more: str = "") -> Loaded:
    """The configuration as a user would write it; ``preset`` is TOML."""
    path = folder / "timetable-sync.toml"
    path.write_text(CONFIGURATION.format(url=url, preset=preset, zone=zone, period=period, more=more), "utf-8")
    return load(path, {}, files=False)


def lessons_of(loaded: Loaded) -> tuple[Lessons, Reading]:
    """All of them, and the reading's numbers; its events are gone."""
    seen = Lessons(loaded)
    with read_timetable(loaded.settings, WHOLE, base=loaded.base, witness=seen) as reading:
        return seen, reading
