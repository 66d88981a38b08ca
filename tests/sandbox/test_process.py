"""The sandbox as a process: it starts, says where it listens, keeps its state, and ends cleanly."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.asking import Ews, event, marked, set_field, token
from tests.sandbox_process import CertificateFiles, SandboxProcess, make_certificate, ready_app
from timetable_sync.errors import UsageError
from timetable_sync.sandbox import start as starting


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(how: signal.Signals) -> None:
    with SandboxProcess() as sandbox:
        os.kill(sandbox.pid, how)
        assert sandbox.wait() == 0
    with pytest.raises(requests.ConnectionError):
        sandbox.client.clock()


def test_it_ends_while_a_slow_answer_is_under_way(certificate: CertificateFiles) -> None:
    with SandboxProcess() as sandbox:
        ready_app(sandbox.client, certificate)
        sandbox.client.set_fault({"what": "latency", "operation": "token", "seconds": 60})
        with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as connection:
            connection.sendall(b"POST /t/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            while not sandbox.client.requests().get("token"):
                time.sleep(0.01)
            assert sandbox.stop() == 0


def test_its_state_outlives_it(tmp_path: Path, certificate: CertificateFiles) -> None:
    state = tmp_path / "sandbox.json"
    with SandboxProcess(state=state) as sandbox:
        ready_app(sandbox.client, certificate)
        sandbox.client.add_mailboxes(["a@example.ac.uk"], "shared")
        ews = Ews(sandbox, token(sandbox, certificate), "a@example.ac.uk")
        ((item_id, key), (gone, _)) = ews.made(event("Ā", early=marked("1 x")), event("gone"))
        ews.sandbox.client.make_series("a@example.ac.uk", sandbox.client.add_appointment(
            "a@example.ac.uk", "Tea", "2026-10-05T15:00:00Z", "2026-10-05T15:30:00Z"
        ))  # fmt: skip
        ews.delete(gone)
        before = sandbox.client.events("a@example.ac.uk"), sandbox.client.deleted_items("a@example.ac.uk")
        stamp = ews.folder('<t:ExtendedFieldURI PropertyTag="0x670B" PropertyType="Integer"/>').content
    assert state.stat().st_mode & 0o077 == 0
    with SandboxProcess(state=state) as sandbox:
        assert (sandbox.client.events("a@example.ac.uk"), sandbox.client.deleted_items("a@example.ac.uk")) == before
        again = Ews(sandbox, ews.token, "a@example.ac.uk")
        assert again.folder('<t:ExtendedFieldURI PropertyTag="0x670B" PropertyType="Integer"/>').content == stamp
        assert len(again.view("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z").all("//t:ItemId")) == 5
        assert again.update(item_id, key, set_field("item:Subject", "<t:Subject>x</t:Subject>")).codes == ["NoError"]
        ((fresh, _),) = again.made(event())
        assert fresh not in {item_id, gone}
        assert token(sandbox, certificate)


def test_its_state_is_saved_while_it_runs(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    with SandboxProcess(state=state) as sandbox:
        sandbox.client.add_mailbox("a@example.ac.uk")
        while not state.exists() or "a@example.ac.uk" not in state.read_text():
            time.sleep(0.05)
        os.kill(sandbox.pid, signal.SIGKILL)
    assert [one["address"] for one in json.loads(state.read_text())["mailboxes"]] == ["a@example.ac.uk"]
    assert list(tmp_path.iterdir()) == [state]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "timetable_sync.sandbox", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"form": 99}'])
def test_a_file_that_is_no_state_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    ended = _run("--state", str(state))
    assert ended.returncode == 2
    assert "state.json cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert state.read_text() == content


def test_a_port_that_is_taken_is_named(running_sandbox: SandboxProcess) -> None:
    ended = _run("--port", running_sandbox.url.rpartition(":")[2])
    assert ended.returncode == 2
    assert "cannot listen on 127.0.0.1" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_its_web_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "aiohttp" or one == "timetable_sync.sandbox.server"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(UsageError) as refusal:
        starting.start(host="127.0.0.1", port=0, state=None, ready=None)
    assert "pip install 'timetable-sync[sandbox]'" in refusal.value.advice


def test_the_command_line_serves_and_says_where(tmp_path: Path) -> None:
    code = "from timetable_sync.cli.sandbox import app; app()"
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-c", code, "serve", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        written = json.loads(ready.read_text())
        assert f"at {written['url']} " in line
        assert written["pid"] == process.pid
        process.terminate()
        assert process.wait(20) == 0
        assert process.stdout.read() == (
            f"Nobody is known at {written['url']} yet: with --config FILE it takes application and calendars from that configuration.\n"
        )


def test_a_key_with_a_passphrase_can_be_made(tmp_path: Path) -> None:
    files = make_certificate(tmp_path, passphrase="correct horse")
    assert b"ENCRYPTED" in files.key_pem.read_bytes()


def test_the_most_requests_open_at_once_are_known(ews: Ews) -> None:
    ews.folder()
    assert ews.sandbox.client.peak() == 1
