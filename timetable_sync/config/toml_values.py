"""Values as TOML, on one line each. Writes what the example and ``config show`` print; never reads."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else _text(name)


def toml_value(value: Any) -> str:
    """``value`` (text, number, true or false, list, table of those) as TOML. Keys whose value is None are left out."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, (str, Path)):
        return _text(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML does not take bare.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
