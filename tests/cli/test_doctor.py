"""``timetable-sync doctor`` against the sandbox: each thing that a night needs, spoilt, and the exit code that a run then has."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import typed
from tests.cli.entra_world import certificate_lines, configuration, write_configuration
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate

Capture = pytest.CaptureFixture[str]
MODULES = ("COMP101", "COMP102", "MATH1")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def running(certificate: CertificateFiles) -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        process.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID)
        process.client.add_service_account("EXAMPLE\\svc", "svc@example.ac.uk", "p4ss")
        for module in MODULES:
            process.client.add_mailbox(address(module))
        process.client.snapshot("fresh")
        yield process


@pytest.fixture
def sandbox(running: SandboxProcess, folder: Path, certificate: CertificateFiles) -> SandboxProcess:
    running.client.restore("fresh")
    running.client.clear_faults()
    running.client.offer_sign_ins("bearer")
    running.client.reset_requests()
    write_configuration(folder, configuration(running, certificate_lines(certificate)))
    (folder / "timetable.db").unlink(missing_ok=True)
    first = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    with sqlite3.connect(folder / "timetable.db") as database:
        database.execute("CREATE TABLE meeting (activity, module, starts, ends, title, room)")
        for day in range(1, 9):
            start = first + timedelta(days=day)
            for module in MODULES:
                times = (start.isoformat(), (start + timedelta(hours=1)).isoformat())
                database.execute("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?)", (f"{module}-{day}", module, *times, "Lecture", "R1"))
    return running


def address(module: str) -> str:
    return f"{module.lower()}@groups.example.ac.uk"


def examined(capsys: Capture, *words: object, code: int = 0) -> dict[str, list[dict[str, Any]]]:
    """The findings by part; holds that the exit code, and that in the JSON, is ``code``."""
    capsys.readouterr()
    assert typed("doctor", "--format", "json", *words) == code
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["exit_code"]) == (1, code)
    parts: dict[str, list[dict[str, Any]]] = {}
    for finding in told["findings"]:
        assert finding["level"] == "pass" or finding["advice"], finding
        parts.setdefault(finding["part"], []).append(finding)
    return parts


def changed(folder: Path, old: str, new: str) -> None:
    file = folder / "timetable-sync.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def sql(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "timetable.db") as database:
        database.execute(statement)


def events(sandbox: SandboxProcess) -> int:
    return sum(one["events"] for one in sandbox.client.mailboxes())


def test_when_all_is_well_it_is_short_and_says_so(sandbox: SandboxProcess, capsys: Capture) -> None:
    assert typed("doctor") == 0
    shown = capsys.readouterr()
    assert all(line.startswith(("ok ", " ")) for line in shown.out.splitlines()[:-2])
    assert shown.out.endswith("\nA run would go well.\n")
    assert len(shown.out.splitlines()) < 20
    assert shown.err == ""
    assert events(sandbox) == 0
    assert sandbox.client.requests()["token"] == 1


def test_everything_that_was_asked_for_is_told_in_its_order(sandbox: SandboxProcess, capsys: Capture) -> None:
    parts = examined(capsys)
    assert list(parts) == ["configuration", "files", "certificate", "clock", "timetable", "state", "token", "calendars", "EWS"]
    (timetable,) = parts["timetable"]
    assert timetable["facts"]["columns"] == ["activity", "module", "starts", "ends", "title", "room"]
    assert timetable["facts"]["first_rows"][0]["module"] == "COMP101"
    assert (timetable["facts"]["rows"], timetable["facts"]["bad_rows"]) == (24, 0)
    assert parts["certificate"][0]["facts"]["days_left"] > 300
    assert parts["token"][0]["facts"]["roles"] == ["full_access_as_app"]
    assert [one["marker"] for one in parts["calendars"][0]["facts"]["calendars"]] == [False] * 3
    assert typed("run") == 0
    parts = examined(capsys)
    calendars = parts["calendars"][0]["facts"]["calendars"]
    assert [(one["ours"], one["marker"], one["signs_of_change"]) for one in calendars] == [(8, True, True)] * 3
    assert parts["state"][0]["facts"]["schema"]


def test_it_reads_and_writes_nothing_by_itself(sandbox: SandboxProcess, folder: Path, capsys: Capture) -> None:
    examined(capsys)
    assert not (folder / "state.db").exists()
    assert set(sandbox.client.requests()) <= {"token", "FindItem", "GetFolder", "GetItem"}


def test_a_probe_is_created_found_changed_deleted_and_leaves_nothing(sandbox: SandboxProcess, capsys: Capture) -> None:
    assert typed("run") == 0
    before = events(sandbox)
    (probe,) = examined(capsys, "--write", "--calendar", "comp1*")["probe"][:1]
    assert probe["level"] == "pass"
    assert events(sandbox) == before
    counted = sandbox.client.requests()
    assert (counted["CreateItem"], counted["UpdateItem"], counted["DeleteItem"]) == (3 + 2, 2, 2)
    assert [one["subject"] for one in sandbox.client.deleted_items(address("COMP101"))] == [
        "timetable-sync: a probe, changed, gone in a moment"
    ]
    assert sandbox.client.mails() == 0
    assert typed("run", "--dry-run", "--exit-code") == 0


def test_a_probe_that_fails_on_the_way_is_removed_again(sandbox: SandboxProcess, capsys: Capture) -> None:
    sandbox.client.set_fault({"what": "item_error", "operation": "UpdateItem", "code": "ErrorPropertyUpdate", "items": [0], "count": 1})
    parts = examined(capsys, "--write", code=1)
    assert "could not be changed" in parts["probe"][0]["said"]
    assert events(sandbox) == 0


def test_a_key_that_others_can_read_is_a_failure_for_both(
    sandbox: SandboxProcess, folder: Path, capsys: Capture, certificate: CertificateFiles
) -> None:
    open_key = folder / "open.pem"
    open_key.write_bytes(certificate.key_pem.read_bytes())
    open_key.chmod(0o644)
    changed(folder, str(certificate.key_pem), str(open_key))
    parts = examined(capsys, code=2)
    assert "others can read" in parts["files"][0]["said"]
    assert "chmod 600" in parts["files"][0]["advice"]
    assert "not read" in parts["certificate"][0]["said"]
    assert typed("run") == 2


def test_a_state_file_that_others_can_read_is_a_warning(sandbox: SandboxProcess, folder: Path, capsys: Capture) -> None:
    assert typed("run") == 0
    (folder / "state.db").chmod(0o644)
    (finding,) = examined(capsys)["files"]
    assert (finding["level"], "chmod 600" in finding["advice"]) == ("warning", True)


def test_an_end_in_sight_of_the_certificate_is_a_warning(sandbox: SandboxProcess, folder: Path, capsys: Capture) -> None:
    soon = make_certificate(folder / "soon", days=9.5)
    sandbox.client.register_app(soon.manifest_dict, tenant=TENANT, client_id=CLIENT_ID)
    write_configuration(folder, configuration(sandbox, certificate_lines(soon)))
    (finding,) = examined(capsys)["certificate"]
    assert finding["level"] == "warning"
    assert "expires in 9 days" in finding["said"]
    assert "certificate roll" in finding["advice"]


def _revoked(sandbox: SandboxProcess, folder: Path) -> None:
    thumbprint = sandbox.client.application(CLIENT_ID)["keys"][0]["thumbprint"]
    sandbox.client.revoke_key(thumbprint)


def _late(sandbox: SandboxProcess, folder: Path) -> None:
    sandbox.client.advance_clock(3600)


def _not_sqlite(sandbox: SandboxProcess, folder: Path) -> None:
    (folder / "state.db").write_bytes(b"no database at all" * 100)


def _no_database(sandbox: SandboxProcess, folder: Path) -> None:
    (folder / "timetable.db").unlink()


def _no_column(sandbox: SandboxProcess, folder: Path) -> None:
    changed(folder, 'start = "starts"', 'start = "begins"')


def _empty(sandbox: SandboxProcess, folder: Path) -> None:
    sql(folder, "DELETE FROM meeting")


def _bad_row(sandbox: SandboxProcess, folder: Path) -> None:
    sql(folder, "UPDATE meeting SET ends = '1999-01-01T00:00:00' WHERE activity = 'COMP101-1'")


def _no_mailbox(sandbox: SandboxProcess, folder: Path) -> None:
    sandbox.client.remove_mailbox(address("MATH1"))


def _refused_by_ews(sandbox: SandboxProcess, folder: Path) -> None:
    sandbox.client.refuse_ews(address("MATH1"))


def _shrunken(sandbox: SandboxProcess, folder: Path) -> None:
    assert typed("run") == 0
    sql(folder, "DELETE FROM meeting WHERE module = 'MATH1' AND activity <> 'MATH1-1'")


def _blocked(sandbox: SandboxProcess, folder: Path) -> None:
    sandbox.client.set_fault({"what": "http", "status": 403, "count": 1000})


def _not_toml(sandbox: SandboxProcess, folder: Path) -> None:
    (folder / "timetable-sync.toml").write_text("[timetable\n")


TROUBLES = [
    (_not_toml, 2, "configuration", "not TOML"),
    (_revoked, 3, "token", "AADSTS700027"),
    (_late, 3, "clock", "60 minutes behind"),
    (_not_sqlite, 2, "state", "not a usable SQLite database"),
    (_no_database, 4, "timetable", "is not there"),
    (_no_column, 4, "timetable", "begins"),
    (_empty, 5, "timetable", "no rows"),
    (_bad_row, 1, "rows", "1 row is set aside"),
    (_no_mailbox, 1, "calendars", "no such mailbox"),
    (_refused_by_ews, 1, "calendars", "EWS refuses this mailbox"),
    (_shrunken, 5, "guards", "MATH1 would be held: 7 of 8"),
    (_blocked, 1, "calendars", "forbids the app to use EWS"),
]


@pytest.mark.parametrize(("spoil", "code", "part", "said"), TROUBLES, ids=[one[0].__name__.strip("_") for one in TROUBLES])
def test_what_is_wrong_is_named_and_the_exit_code_is_the_runs(
    sandbox: SandboxProcess, folder: Path, capsys: Capture, spoil: Any, code: int, part: str, said: str
) -> None:
    spoil(sandbox, folder)
    found = examined(capsys, code=code)[part]
    assert any(said in finding["said"] for finding in found), found
    assert typed("run", "--dry-run") == code


def test_a_clock_that_could_not_be_compared_is_not_called_right(sandbox: SandboxProcess, folder: Path, capsys: Capture) -> None:
    changed(folder, f'authority = "{sandbox.url}"', 'authority = "http://127.0.0.1:9"')
    parts = examined(capsys, code=1)
    assert (parts["clock"][0]["level"], parts["token"][0]["level"], parts["calendars"][0]["level"]) == ("warning", "failure", "warning")


def test_another_run_at_work_is_said_and_is_the_runs_exit_code(sandbox: SandboxProcess, folder: Path, capsys: Capture) -> None:
    from timetable_sync.config.load import load
    from timetable_sync.state.store import open_state

    settings = load(folder / "timetable-sync.toml", {}).settings.state
    with open_state(settings) as state, state.lease("run", settings.lease):
        assert "another run is at work" in examined(capsys, code=6)["state"][0]["said"]
        assert typed("run") == 6


def test_a_token_without_consent_is_a_warning(sandbox: SandboxProcess, capsys: Capture, certificate: CertificateFiles) -> None:
    scopes = ("*@groups.example.ac.uk",)
    sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, roles=(), scopes=scopes)
    (finding,) = examined(capsys)["token"]
    assert (finding["level"], "admin consent" in finding["said"]) == ("warning", True)


def test_two_addresses_of_one_mailbox_are_a_failure_as_they_are_at_night(sandbox: SandboxProcess, capsys: Capture) -> None:
    sandbox.client.remove_mailbox(address("COMP102"))
    sandbox.client.add_alias(address("COMP101"), address("COMP102"))
    found = examined(capsys, code=1)["calendars"]
    said = [finding["said"] for finding in found if finding["level"] == "failure"]
    assert len(said) == 2
    assert all(address(module) in one for one in said for module in ("COMP101", "COMP102"))


def test_a_mailbox_may_be_asked_for_that_no_timetable_names_yet(sandbox: SandboxProcess, capsys: Capture) -> None:
    sandbox.client.add_mailbox("new@groups.example.ac.uk")
    parts = examined(capsys, "--calendar", "new@groups.example.ac.uk", "--write")
    assert [one["address"] for one in parts["calendars"][0]["facts"]["calendars"]] == ["new@groups.example.ac.uk"]
    assert "new@groups.example.ac.uk" in parts["probe"][0]["said"]


@pytest.mark.parametrize("sign_in", ["basic", "ntlm"])
def test_on_premises_a_service_account_signs_in_and_no_token_is_asked_for(
    sandbox: SandboxProcess, folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, sign_in: str
) -> None:
    sandbox.client.offer_sign_ins("basic", "ntlm")
    monkeypatch.setenv("EXCHANGE_PASSWORD", "p4ss")
    text = (folder / "timetable-sync.toml").read_text("utf-8")
    head, _, tail = text.partition("[entra]")
    account = f'sign_in = "{sign_in}"\nuser = "EXAMPLE\\\\svc"\npassword = {{ env = "EXCHANGE_PASSWORD" }}\n'
    write_configuration(folder, head + "[ews]\n" + account + tail.partition("[ews]\n")[2])
    parts = examined(capsys, "--write")
    assert "service account EXAMPLE\\svc" in parts["certificate"][0]["said"]
    assert parts["clock"][0]["said"] == "agrees with the server's"
    assert "token" not in parts
    assert parts["EWS"][0]["facts"] == {"concerned": False}
    assert parts["probe"][0]["level"] == "pass"


def test_no_secret_is_told(sandbox: SandboxProcess, capsys: Capture) -> None:
    assert typed("doctor", "-vv", "--write") == 0
    said = capsys.readouterr()
    assert "eyJ" not in said.out + said.err
    assert "PRIVATE KEY" not in said.out + said.err
