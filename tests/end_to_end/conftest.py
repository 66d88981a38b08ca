"""A sandbox for the tests of this folder, and a small installation in it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation
from tests.plain_configuration import REPLACED
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def installation(tmp_path: Path, sandbox: SandboxProcess) -> Installation:
    """Two modules with three lessons each; both mailboxes are there."""
    sandbox.client.clear_faults()
    database = tmp_path / "timetable.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE meeting (activity, module, starts, ends, title)")
        connection.executemany(
            "INSERT INTO meeting VALUES (?, ?, ?, ?, 'Logic')",
            [
                (f"A-{module}", module, f"2026-10-{day} 09:00", f"2026-10-{day} 10:00")
                for module in ("COMP101", "MATH101")
                for day in (14, 21, 28)
            ],
        )
    configuration = tmp_path / "timetable-sync.toml"
    configuration.write_text(REPLACED, "utf-8")
    for address in ("comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"):
        sandbox.client.remove_mailbox(address)
        sandbox.client.add_mailbox(address)
    return Installation(tmp_path, sandbox, configuration, f"sqlite:///{database}")
