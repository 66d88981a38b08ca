"""Modules are small, say what they are for, and are named for it."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, modules

OURS = modules("timetable_sync", "migrations", "benchmarks")
EVERYTHING = modules("timetable_sync", "migrations", "benchmarks", "tests")

LONGEST = 400

#: Names under which anything at all could be put, and then is.
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "stuff", "base", "core", "lib"}

#: What silences a checker, and whatever stands behind it on the line.
SILENCED = re.compile(r"#\s*(?:noqa:\s*[A-Z0-9]+(?:\s*,\s*[A-Z0-9]+)*|type:\s*ignore\[[a-z-]+(?:\s*,\s*[a-z-]+)*\])(?P<reason>.*)")
SILENCED_ALTOGETHER = re.compile(r"#\s*(?:noqa(?!:)|type:\s*ignore(?!\[))")


def name_of(module: Module) -> str:
    return module.name


@pytest.mark.parametrize("module", OURS, ids=name_of)
def test_a_module_is_small_named_for_something_and_says_what_it_is_for(module: Module) -> None:
    parts = set(module.name.removesuffix(".py").replace("/", ".").lower().split("."))

    assert len(module.text.splitlines()) <= LONGEST
    assert not parts & SAYS_NOTHING
    assert not module.tree.body or (ast.get_docstring(module.tree) or "").strip()


def test_every_module_of_the_tests_says_what_it_is_about() -> None:
    assert [module.name for module in modules("tests") if module.tree.body and not ast.get_docstring(module.tree)] == []


def raises(module: Module) -> Iterator[ast.Raise]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Raise))


def test_nothing_is_left_to_be_done_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    later = [module.name for module in EVERYTHING if any(re.search(rf"\b{word}\b", module.text) for word in words)]
    stubs = [module.name for module in OURS if any(ast.unparse(node).startswith("raise NotImplementedError") for node in raises(module))]

    assert later == []
    assert stubs == []


def test_who_silences_a_checker_says_why_beside_it_or_above_it() -> None:
    silent = []
    for module in EVERYTHING:
        explained = False
        for number, line in enumerate(module.text.splitlines(), 1):
            found = SILENCED.search(line)
            if found is None:
                explained = line.lstrip().startswith("# ")
            elif len(found["reason"].strip(" #-–:;")) < 8 and not explained:
                silent.append(f"{module.name}:{number}")
            if SILENCED_ALTOGETHER.search(line):
                silent.append(f"{module.name}:{number}")

    assert silent == []
