"""The EWS backend keeps the contract against the sandbox, over HTTP."""

from collections.abc import Iterator

import pytest

from tests.calendars.contract import BackendContract
from tests.calendars.ews.sandbox_world import SandboxWorld


class TestEws(BackendContract):
    """See the contract."""

    @pytest.fixture
    def world(self, sandbox_world: SandboxWorld) -> Iterator[SandboxWorld]:
        yield sandbox_world
        sandbox_world.client.clear_faults()
        assert sandbox_world.client.mails() == 0
