"""``model`` and ``planning`` are pure: no clock, no network, no database, no files, no chance. What they need comes in as arguments."""

import pytest

from tests.architecture.source import Module, modules

PURE = modules("timetable_sync/model", "timetable_sync/planning")

IMPURE_MODULES = {
    "asyncio",
    "concurrent",
    "exchangelib",
    "glob",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "requests",
    "secrets",
    "shutil",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "structlog",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "uuid",
}

IMPURE_CALLS = {"open", "print", "input"}
ASKS_THE_CLOCK = ("now", "utcnow", "today")


def name_of(module: Module) -> str:
    return module.name


@pytest.mark.parametrize("module", PURE, ids=name_of)
def test_a_pure_module_touches_nothing_but_its_arguments(module: Module) -> None:
    imported = {name for name in module.imports() for impure in IMPURE_MODULES if name == impure or name.startswith(impure + ".")}
    called = {name for name in module.calls() if name in IMPURE_CALLS or name.rpartition(".")[2] in ASKS_THE_CLOCK}

    assert (imported, called) == (set(), set())


def test_there_are_pure_modules_to_look_at() -> None:
    assert {module.room for module in PURE} == {"model", "planning"}
