"""The text in a cell, whatever type the driver gave it: names that identify keep what looks like markup, prose loses it."""

from timetable_sync.timetable.text import clean_name, clean_prose


def cell_text(value: object, *, prose: bool = True) -> str | None:
    """``value`` (text, bytes, a number, anything that can be written out) as clean text on one line, or None for nothing."""
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else str(value)
    return clean_prose(text) if prose else clean_name(text)
