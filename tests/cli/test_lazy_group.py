"""Commands that are loaded when they are typed: their group's help says of them what they say themselves."""

import pytest
import typer

from timetable_sync.cli.app import app
from timetable_sync.cli.lazy_group import GroupByNeed


def groups_by_need() -> list[GroupByNeed]:
    """All there are, from the program's own down."""
    found, waiting = [], [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        if isinstance(command, GroupByNeed):
            found.append(command)
            waiting += command.commands.values()
    return found


@pytest.mark.parametrize("group", groups_by_need(), ids=lambda group: group.name)
def test_what_is_announced_of_a_command_is_what_it_says_itself_however_short_it_is_cut(group: GroupByNeed) -> None:
    for name, announced in group.announced.items():
        shown = typer.core.TyperCommand(name, help=announced.help)
        own = group.commands[name]
        assert own.name == name
        assert not own.hidden
        assert [shown.get_short_help_str(limit) for limit in range(20, 160)] == [own.get_short_help_str(limit) for limit in range(20, 160)]


def test_the_program_and_its_certificates_are_such_groups() -> None:
    assert [group.name for group in groups_by_need()] == ["timetable-sync", "certificate"]


def test_a_command_that_is_not_announced_is_none() -> None:
    (group, *_) = groups_by_need()
    assert group.commands.get("rum") is None
    assert "rum" not in group.commands
