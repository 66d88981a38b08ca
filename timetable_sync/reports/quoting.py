"""Commands as they are to be typed, each as it reaches the program from sh and from PowerShell."""

import re
from pathlib import Path

_BARE = re.compile(r"[A-Za-z0-9_.+:/-][A-Za-z0-9_.+:/@-]*")
_configuration: tuple[str, ...] = ()


def name_configuration(path: Path | None) -> None:
    """From now on every command names this configuration, as it would not be found without; None: it would be."""
    global _configuration  # noqa: PLW0603 - of the process, as the configuration is
    _configuration = () if path is None else ("--config", str(path))


def word(text: str) -> str:
    """``text`` as one word of a command."""
    # Of calendars only an address can have an apostrophe in it (pattern_for), and then the word is sh's alone.
    return text if _BARE.fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"


def command(*words: str) -> str:
    """A command of ours with these words."""
    return " ".join(("timetable-sync", *map(word, (*words, *_configuration))))
