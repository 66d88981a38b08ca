"""The log under systemd: entries with fields, at a real socket as the journal has one."""

import logging
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from timetable_sync import journal, logs

TOKEN = "eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"  # made up


@pytest.fixture
def socket_of_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Standard error is the journal's stream, and its socket is ours."""
    path = str(tmp_path / "socket")
    monkeypatch.setattr(journal, "SOCKET", path)
    facts = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(5)
        yield heard


def entry(heard: socket.socket) -> dict[str, str]:
    """One entry, taken apart by the protocol's own rules."""
    data, fields = heard.recv(1_000_000), {}
    while data:
        line, _, data = data.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            (length,) = struct.unpack("<Q", data[:8])
            value, data = data[8 : 8 + length], data[9 + length :]
        fields[name.decode()] = value.decode()
    return fields


def test_a_line_is_an_entry_with_its_weight_the_run_and_each_fact_as_a_field(socket_of_the_journal: socket.socket) -> None:
    logs.configure()
    with logs.one_run():
        logs.bind(run=318)
        structlog.stdlib.get_logger("timetable_sync.night").info("calendar changed", calendar="COMP101", created=3)
    fields = entry(socket_of_the_journal)
    assert len(fields.pop("TIMETABLE_SYNC_RUN_ID")) == 12
    assert fields == {
        "MESSAGE": "calendar changed  calendar=COMP101  created=3",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "timetable-sync",
        "TIMETABLE_SYNC_LOGGER": "timetable_sync.night",
        "TIMETABLE_SYNC_RUN": "318",
        "TIMETABLE_SYNC_CALENDAR": "COMP101",
        "TIMETABLE_SYNC_CREATED": "3",
    }


@pytest.mark.parametrize(("level", "priority"), [("info", "6"), ("warning", "4"), ("error", "3"), ("critical", "2")])
def test_it_can_be_read_by_priority_however_quiet_the_rest_is(socket_of_the_journal: socket.socket, level: str, priority: str) -> None:
    logs.configure(logs.QUIET)
    getattr(structlog.stdlib.get_logger("timetable_sync.x"), level)("said")
    assert entry(socket_of_the_journal)["PRIORITY"] == priority


def test_a_traceback_is_one_entry_of_several_lines(socket_of_the_journal: socket.socket) -> None:
    logs.configure(2)
    try:
        raise ConnectionError("cannot reach postgresql://reader:hunter2@db/x")
    except ConnectionError:
        structlog.stdlib.get_logger("timetable_sync.x").error("it failed", exc_info=True)
    message = entry(socket_of_the_journal)["MESSAGE"]
    assert message.startswith("it failed\nTraceback (most recent call last):\n")
    assert message.endswith("ConnectionError: cannot reach postgresql://reader:[redacted]@db/x")


@pytest.mark.parametrize("name", ["exchangelib.util", "urllib3.connectionpool", "timetable_sync.entra"])
def test_no_secret_reaches_a_field(socket_of_the_journal: socket.socket, name: str) -> None:
    logs.configure(3)
    logging.getLogger(name).debug("Request headers: %s", {"Authorization": f"Bearer {TOKEN}"})
    structlog.stdlib.get_logger(name).debug("structured", access_token="opaque-but-secret", url="https://u:hunter2@h/")
    for _ in range(2):
        text = str(entry(socket_of_the_journal))
        assert "[redacted]" in text
        assert not any(secret in text for secret in ("eyJ", "opaque-but-secret", "hunter2"))


def test_what_is_too_long_is_cut_and_not_lost(socket_of_the_journal: socket.socket) -> None:
    logs.configure()
    structlog.stdlib.get_logger("timetable_sync.x").warning("x" * 100_000, **{f"fact_{at}": "y" * 10_000 for at in range(20)})
    fields = entry(socket_of_the_journal)
    assert len(fields["MESSAGE"]) == 16_000
    assert fields["PRIORITY"] == "4"


def test_without_the_socket_lines_go_to_standard_error_with_their_weight(
    socket_of_the_journal: socket.socket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(journal, "SOCKET", "/nowhere/socket")
    logs.configure()
    structlog.stdlib.get_logger("timetable_sync.x").warning("two\nlines", count=3)
    assert capsys.readouterr().err == "<4>two\n<4>lines  count=3\n"
    del socket_of_the_journal


@pytest.mark.parametrize("stream", ["", "1:2", "nonsense"])
def test_where_standard_error_is_no_journal_it_gets_text(
    socket_of_the_journal: socket.socket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stream: str
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", stream)
    logs.configure()
    structlog.stdlib.get_logger("timetable_sync.x").warning("said")
    assert "warning  said  [timetable_sync.x]" in capsys.readouterr().err
    del socket_of_the_journal


def test_json_stays_json_for_who_asks_for_it(socket_of_the_journal: socket.socket, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(0, "json")
    structlog.stdlib.get_logger("timetable_sync.x").warning("said")
    assert capsys.readouterr().err.startswith('{"event": "said"')
    del socket_of_the_journal
