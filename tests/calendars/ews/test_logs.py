"""No token in any log, message or representation, however loud the logging."""

import http.client
import logging

import pytest

from tests.calendars.contract import WEEK, creating, event
from tests.calendars.ews.canned import CannedServer, answer_of, item_id, listing, success
from tests.calendars.ews.conftest import Tokens
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.errors import BackendError
from timetable_sync.model.calendar import Calendar


def test_no_token_is_logged_at_debug_level(
    server: CannedServer, backend: EwsBackend, tokens: Tokens, calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    # exchangelib prints the Authorization header of every request at DEBUG level.
    caplog.set_level(logging.DEBUG)
    said = []
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    server.answer(answer_of("CreateItem", success("CreateItem", item_id(1))))
    backend.apply(calendar, creating(event(1)))
    for status in (401, 403, 500, 503, 302, 404):
        server.answer(status=status, x_ms_diagnostics=f'2000001;reason="{tokens.token()} is bad"')
        server.answer(status=status, x_ms_diagnostics=f'2000001;reason="canary-token-{tokens.number + 1} is bad"')
        with pytest.raises(BackendError) as failed:
            backend.snapshot(calendar, WEEK)
        said += [repr(failed.value), failed.value.message, failed.value.advice]
        server.answers.clear()
    server.drop()
    said += [repr(outcome) for outcome in backend.apply(calendar, creating(event(1)))]
    said += [repr(backend._protocol), str(vars(backend._protocol)), repr(backend._protocol.get_session().auth)]
    assert len(server.asked) == 10
    assert "FindItem for" in caplog.text
    assert "canary-token" not in caplog.text
    assert "canary-token" not in "\n".join(said)
    assert http.client.HTTPConnection.debuglevel == 0
