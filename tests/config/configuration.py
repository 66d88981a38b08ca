"""Configurations for the tests of settings: the shortest useful one, written into a folder, and read."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from timetable_sync.config.errors import ConfigurationError
from timetable_sync.config.load import Loaded, load

SHORTEST = """\
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
query = "SELECT * FROM lesson"
[timetable.columns]
activity = "activity_id"
calendar = "module_code"
start = "starts_at"
end = "ends_at"
title = "module_title"
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[entra]
tenant = "00000000-0000-0000-0000-000000000000"
client = "11111111-1111-1111-1111-111111111111"
certificate = { credential = "certificate.pem" }
"""


def written(folder: Path, text: str = SHORTEST) -> Path:
    """A configuration of this text in ``folder``."""
    path = folder / "timetable-sync.toml"
    path.write_text(text, "utf-8")
    return path


def read(folder: Path, text: str = SHORTEST, environ: Mapping[str, str] | None = None) -> Loaded:
    """The configuration of this text, loaded."""
    return load(written(folder, text), environ or {})


def refusal(folder: Path, text: str = SHORTEST, environ: Mapping[str, str] | None = None) -> ConfigurationError:
    """What is said of a configuration that cannot be used."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, environ)
    return caught.value


def complaint(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    """The one thing that is said of a configuration, without the folder."""
    error = refusal(folder, text, environ)
    assert len(error.problems) == 1, error.message
    return error.message.replace(f"{folder}/", "")


def with_line(section: str, line: str) -> str:
    """The shortest configuration with a line more at the beginning of a section, which is added where it is missing."""
    heading = f"[{section}]\n"
    return SHORTEST.replace(heading, f"{heading}{line}\n") if heading in SHORTEST else f"{SHORTEST}{heading}{line}\n"
