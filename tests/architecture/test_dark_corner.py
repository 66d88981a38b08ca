"""Only ``calendars/ews`` knows the library that speaks EWS, so that it can be replaced there and nowhere else."""

from tests.architecture.source import modules


def test_nothing_outside_of_the_ews_backend_imports_exchangelib() -> None:
    users = {
        module.name
        for module in modules("timetable_sync", "migrations")
        if any(name.split(".")[0] == "exchangelib" for name in module.imports())
    }

    assert {name for name in users if not name.startswith("timetable_sync/calendars/ews/")} == set()
    assert users


def test_the_ews_backend_is_imported_only_when_it_is_opened() -> None:
    """The library takes its time to load; ``--help`` and the configuration's check do without."""
    registry = next(module for module in modules("timetable_sync/calendars") if module.name.endswith("calendars/registry.py"))
    at_the_top = [line for line in registry.text.splitlines() if line.startswith(("import ", "from "))]

    assert not any("calendars.ews" in line for line in at_the_top)
