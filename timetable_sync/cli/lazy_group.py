"""Groups of commands whose modules are loaded when one of them is typed: what the others need is never waited for."""

from collections import UserDict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Announced:
    """A command that is not loaded: ``where`` it stands, as in ``module:name``, and the first sentence of its ``help``, for its group's."""

    where: str
    help: str


class GroupByNeed(TyperGroup):
    """A group of ``announced`` commands, and groups of them, in this order. For ``typer.Typer(cls=…)``, of a subclass that names them."""

    announced: ClassVar[Mapping[str, Announced]] = {}

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands(self.announced)

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names; none of them is loaded for that."""
        return list(self.announced)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list in the group's help, as typer would write it were they all loaded."""
        lines = {name: TyperCommand(name, help=one.help) for name, one in self.announced.items()}
        TyperGroup(name=self.name, commands=dict(lines)).format_commands(ctx, formatter)


class _Commands(UserDict[str, Any]):
    """The commands by name, each loaded when it is first asked for."""

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, Announced):
            found = self.data[name] = _loaded(name, found.where)
        return found


def _loaded(name: str, where: str) -> Any:
    """A function is made a command, and a ``typer.Typer`` a group, as they would be within an application that has no other."""
    module, _, attribute = where.partition(":")
    found = getattr(import_module(module), attribute)
    around = typer.Typer(add_completion=False, rich_markup_mode=None, callback=_nothing)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    group = typer.main.get_command(around)
    assert isinstance(group, TyperGroup)  # noqa: S101 - what has a callback is one
    return group.commands[name]


def _nothing() -> None:
    """With a callback, an application is a group however few commands it has."""
