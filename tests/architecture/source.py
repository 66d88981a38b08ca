"""The package's source as these tests read it: each module's path, text and syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "timetable_sync"


@dataclass(frozen=True)
class Module:
    """One file. ``name`` is its path from the checkout, as a person would write it."""

    name: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The folder below the package that it lies in, or its own name."""
        return Path(self.name).parts[1].removesuffix(".py")

    def imports(self) -> Iterator[str]:
        """Dotted names of all that is imported, at the top or within functions."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def calls(self) -> Iterator[str]:
        """Dotted names of all that is called, as they are written there."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func)


def modules(*folders: str) -> tuple[Module, ...]:
    """The modules in these folders of the checkout."""
    return tuple(_module(path) for folder in folders for path in sorted((CHECKOUT / folder).rglob("*.py")))


@cache
def _module(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(CHECKOUT).as_posix(), text, ast.parse(text))
