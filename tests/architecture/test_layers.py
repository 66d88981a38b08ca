"""The arrows between the rooms go one way. Who adds a room has to say here where it stands."""

import grimp
import pytest

from tests.architecture.source import PACKAGE, modules

#: From the bottom up. A room knows only rooms of lower lines; those of one line do not know each other.
LAYERS: list[set[str]] = [
    {"errors", "host_clock", "journal", "model", "redaction"},
    {"logs", "config"},
    {"network", "schedule"},
    {"timetable", "planning", "calendars", "entra"},
    {"state"},
    {"apply"},
    {"reports"},
    {"history", "doctor", "preview", "metrics"},
    {"alerts"},
    {"night", "purge", "forget"},
    {"daemon", "demo"},
    {"cli"},
    {"__main__"},
]

#: Beside all that: the sandbox stands in for the services, and must not share bugs with what is tested against it.
SANDBOX, ITS_USERS = "sandbox", {"cli", "demo"}

LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
ROOMS = {module.room for module in modules("timetable_sync")} - {"__init__"}


@pytest.fixture(scope="module")
def arrows() -> dict[tuple[str, str], str]:
    """From room to room, with an import as the example. The package itself, which holds the version, is no room."""
    graph = grimp.build_graph("timetable_sync", cache_dir=None)
    found: dict[tuple[str, str], str] = {}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            if importer.count(".") == 0 or imported.count(".") == 0:
                continue
            rooms = (importer.split(".")[1], imported.split(".")[1])
            if rooms[0] != rooms[1]:
                found[rooms] = f"{importer} imports {imported}"
    return found


def test_every_room_has_its_place() -> None:
    assert ROOMS - LEVEL.keys() - {SANDBOX} == set()


def test_arrows_go_from_higher_rooms_to_lower_ones_only(arrows: dict[tuple[str, str], str]) -> None:
    wrong = [example for (one, other), example in arrows.items() if SANDBOX not in (one, other) and LEVEL[one] <= LEVEL[other]]

    assert wrong == []
    assert ("night", "apply") in arrows


def test_the_model_knows_nothing_else_of_ours(arrows: dict[tuple[str, str], str]) -> None:
    assert [example for (one, _), example in arrows.items() if one == "model"] == []


def test_the_sandbox_shares_nothing_with_what_is_tested_against_it_but_the_errors(arrows: dict[tuple[str, str], str]) -> None:
    assert [example for (one, other), example in arrows.items() if one == SANDBOX and other != "errors"] == []


def test_only_the_command_line_and_the_demonstration_know_the_sandbox(arrows: dict[tuple[str, str], str]) -> None:
    assert [example for (one, other), example in arrows.items() if other == SANDBOX and one not in ITS_USERS] == []


def test_the_package_itself_imports_nothing() -> None:
    (module,) = [module for module in modules("timetable_sync") if module.name == f"{PACKAGE.name}/__init__.py"]

    assert list(module.imports()) == []


def test_rooms_know_a_backend_by_its_contract_and_the_registry_only(arrows: dict[tuple[str, str], str]) -> None:
    """Whoever named a backend's modules would have to be changed for a new kind of calendar service."""
    backends = {path.name for path in (PACKAGE / "calendars").iterdir() if (path / "__init__.py").exists()}
    insiders = tuple(f"timetable_sync.calendars.{backend}" for backend in backends)

    wrong = [
        f"{module.name} imports {name}"
        for module in modules("timetable_sync")
        if module.room != "calendars"
        for name in module.imports()
        if name.startswith(insiders)
    ]

    assert backends >= {"memory", "ews"}
    assert wrong == []
