"""What a daemon hands to the night that it starts, as one line of JSON: the configuration in force, and the start that the night is for.

The night does not read the configuration's file, which may be another by now, or broken. No secret is in it: the configuration says
only where secrets lie.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """``due`` (aware) is None for a night that somebody asked for. ``told`` is what the try before failed by, of which people were told."""

    loaded: Loaded
    due: datetime | None
    told: str = ""


def written(order: Job) -> bytes:
    """The line, with its end."""
    loaded = order.loaded
    facts = {
        "settings": loaded.settings.model_dump(mode="json", exclude_unset=True),
        "path": str(loaded.path),
        "base": str(loaded.base),
        "origins": dict(loaded.origins),
        "due": None if order.due is None else order.due.isoformat(),
        "told": order.told,
    }
    return json.dumps(facts).encode("ascii") + b"\n"


def read(line: bytes) -> Job:
    """What :func:`written` wrote."""
    facts = json.loads(line)
    due = None if facts["due"] is None else datetime.fromisoformat(facts["due"])
    loaded = Loaded(Settings.model_validate(facts["settings"]), Path(facts["path"]), Path(facts["base"]), facts["origins"])
    return Job(loaded, due, facts["told"])
