"""Runs a target on one input and says what it did that it must not: the error's name and place, the same for the same mistake."""

import traceback
from pathlib import Path

from tests.proof.fuzzing.targets import Target

_HERE = Path(__file__).parents[3]


def wrong(target: Target, data: bytes) -> str:
    """Where and how ``target`` fails on ``data``; empty where it does as it should."""
    try:
        target.run(data)
    except Exception as error:  # whatever it is, it is a find
        return f"{type(error).__name__} at {_place(error)}: {' '.join(str(error).split())[:120]}"
    return ""


def same(finding: str) -> str:
    """What findings of one mistake have in common: all but the words, which may quote the input."""
    return finding.partition(": ")[0]


def _place(error: BaseException) -> str:
    """The innermost place that is ours."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if str(_HERE / "timetable_sync") in frame.filename]
    frame = (ours or traceback.extract_tb(error.__traceback__))[-1]
    name = Path(frame.filename)
    return f"{name.relative_to(_HERE) if name.is_relative_to(_HERE) else name.name}:{frame.lineno}"
