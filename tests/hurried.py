"""Processes that wait for what an earlier run may still have under way, though not for the three minutes that Exchange may take.

The sandbox has done within two seconds what it was asked, or never does it.
"""

import os
from pathlib import Path

#: What Python carries out before all else, where its file is found.
HURRIED = """
from timetable_sync.apply.retry import Retrier
_pause = Retrier.pause
Retrier.pause = lambda self, seconds, why: _pause(self, min(seconds, 2.0), why)
"""


def python_path(folder: Path, *more: Path, also: str = "") -> str:
    """The PYTHONPATH of such processes; what is ``also`` to be done lies with it in ``folder``."""
    (folder / "sitecustomize.py").write_text(HURRIED + also, "utf-8")
    return os.pathsep.join(map(str, (folder, *more)))
