"""A sandbox for the daemon's tests, and a house with an installation in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.configured_log import configured_log
from tests.daemon.house import House, Systemd
from tests.sandbox_process import SandboxProcess

__all__ = ["configured_log"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def house(tmp_path: Path, sandbox: SandboxProcess) -> House:
    return House(tmp_path, sandbox)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with_a_name = Systemd(tmp_path)
    yield with_a_name
    with_a_name.close()
