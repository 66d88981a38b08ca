"""Whole nights while what they sign in with changes, ends, or is taken away; manifests and assertions beside openssl."""

import base64
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.cli.command_line import typed
from tests.cli.entra_world import certificate_lines, configuration, write_configuration
from tests.entra import openssl
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate
from timetable_sync.config.load import load
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.certificate import read_certificate
from timetable_sync.entra.credential import client_assertion
from timetable_sync.sandbox.client import SandboxRefused
from timetable_sync.state.store import open_state

Capture = pytest.CaptureFixture[str]
GRAPH = ("full_access_as_app", "Application.ReadWrite.OwnedBy")


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIMETABLE_SYNC_CONFIG", raising=False)
    # Small batches, so that there is a middle.
    monkeypatch.setenv("TIMETABLE_SYNC_EWS__BATCH", "5")
    return tmp_path


class World:
    """A timetable of so many calendars and events, its sandbox, and its configuration."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, calendars: int, events: int) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.certificate = make_certificate(folder / "first", name="first")
        sandbox.client.register_app(self.certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, roles=GRAPH, owns_itself=True)
        self.modules = [f"COMP{number:03d}" for number in range(calendars)]
        sandbox.client.add_mailboxes(self.address(module) for module in self.modules)
        self.timetable(events)
        self.configure(self.certificate)

    @staticmethod
    def address(module: str) -> str:
        return f"{module.lower()}@groups.example.ac.uk"

    def configure(self, certificate: CertificateFiles, more: str = "") -> None:
        more = f'graph = "{self.sandbox.url}"\n' + more
        write_configuration(self.folder, configuration(self.sandbox, certificate_lines(certificate), more=more))

    def timetable(self, events: int) -> None:
        """From now on so many events in each calendar."""
        first = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
        with sqlite3.connect(self.folder / "timetable.db") as database:
            database.execute("DROP TABLE IF EXISTS meeting")
            database.execute("CREATE TABLE meeting (activity, module, starts, ends, title)")
            for number in range(events):
                start = first + timedelta(days=number // 8, hours=number % 8)
                times = (start.isoformat(), (start + timedelta(hours=1)).isoformat())
                rows = [(f"{module}-{number}", module, *times, "Logic") for module in self.modules]
                database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", rows)

    def standing(self) -> int:
        return sum(int(one["events"]) for one in self.sandbox.client.mailboxes())

    def recorded(self) -> int:
        """How many events the ledger knows."""
        settings = load(self.folder / "timetable-sync.toml", {}).settings
        with open_state(settings.state, read_only=True) as state:
            return state.ledger_count(settings.timetable.source)

    def tokens(self) -> int:
        return self.sandbox.client.requests().get("token", 0)

    @contextmanager
    def meanwhile(self, events: int, act: Callable[[], object]) -> Iterator[None]:
        """``act`` is done while a run is under way, once so many events stand."""
        acted = threading.Event()

        def watch() -> None:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                if self.standing() >= events:
                    act()
                    acted.set()
                    return
                time.sleep(0.01)

        watcher = threading.Thread(target=watch)
        watcher.start()
        yield
        watcher.join()
        assert acted.is_set()


def thumbprint(certificate: CertificateFiles) -> str:
    return openssl.thumbprint(certificate.cert_pem, "sha1")


@pytest.mark.slow
def test_fifty_calendars_ask_for_exactly_one_token(folder: Path, sandbox: SandboxProcess) -> None:
    world = World(folder, sandbox, calendars=50, events=2)
    assert typed("run", "-q") == 0
    assert (world.standing(), world.tokens()) == (100, 1)


@pytest.mark.slow
def test_a_token_that_ends_in_the_middle_of_500_events_costs_one_more_and_no_event(folder: Path, sandbox: SandboxProcess) -> None:
    world = World(folder, sandbox, calendars=10, events=50)
    sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 0.05})
    with world.meanwhile(150, sandbox.client.refuse_tokens):
        assert typed("run", "-q") == 0
    assert (world.standing(), world.recorded(), world.tokens()) == (500, 500, 2)
    assert typed("run", "--dry-run", "--exit-code", "-q") == 0


@pytest.mark.slow
def test_a_key_revoked_in_the_middle_ends_the_run_with_3_and_all_that_was_written_is_recorded(
    folder: Path, sandbox: SandboxProcess, capsys: Capture
) -> None:
    world = World(folder, sandbox, calendars=10, events=50)
    sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 0.05})
    gone = thumbprint(world.certificate)

    def revoke() -> None:
        sandbox.client.revoke_key(gone)
        sandbox.client.refuse_tokens()

    with world.meanwhile(150, revoke):
        assert typed("run", "-q") == 3
    assert "AADSTS700027" in capsys.readouterr().err
    assert 150 <= world.standing() < 500
    assert world.recorded() == world.standing()
    assert world.tokens() == 2, "a refusal lasts: no thread asks again"
    sandbox.client.register_app(world.certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID)
    assert typed("run", "-q") == 0
    assert (world.standing(), world.recorded()) == (500, 500)


@pytest.mark.slow
def test_a_key_revoked_in_the_middle_gives_way_to_the_next_one(folder: Path, sandbox: SandboxProcess, capsys: Capture) -> None:
    world = World(folder, sandbox, calendars=10, events=50)
    following = make_certificate(folder / "second", name="second")
    keys = world.certificate.manifest_dict["keyCredentials"] + following.manifest_dict["keyCredentials"]
    sandbox.client.register_app({"keyCredentials": keys}, tenant=TENANT, client_id=CLIENT_ID)
    world.configure(world.certificate, "[entra.next]\n" + certificate_lines(following))
    sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 0.05})
    gone = thumbprint(world.certificate)

    def revoke() -> None:
        sandbox.client.revoke_key(gone)
        sandbox.client.refuse_tokens()

    with world.meanwhile(150, revoke):
        assert typed("run") == 0
    assert f"the next certificate, {thumbprint(following)}, was used instead" in capsys.readouterr().out
    assert (world.standing(), world.recorded()) == (500, 500)


@pytest.mark.slow
def test_no_night_fails_before_during_and_after_each_step_of_a_rollover(folder: Path, sandbox: SandboxProcess, capsys: Capture) -> None:
    world = World(folder, sandbox, calendars=4, events=3)
    events = 3

    def night() -> str:
        """A run that has something to write; gives what it says."""
        nonlocal events
        events += 1
        world.timetable(events)
        capsys.readouterr()
        assert typed("run") == 0
        assert world.standing() == 4 * events
        return capsys.readouterr().out

    def step(*words: str) -> Any:
        """A step of the rollover, with a run under way meanwhile."""
        nonlocal events
        events += 20
        world.timetable(events)
        sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 0.05})
        codes: list[int] = []
        runner = threading.Thread(target=lambda: codes.append(typed("run", "-q")))
        runner.start()
        capsys.readouterr()
        code = typed("certificate", "roll", "--format", "json", *words)
        runner.join()
        sandbox.client.clear_faults()
        said = capsys.readouterr()
        assert (code, codes) == (0, [0]), said.err
        assert world.standing() == 4 * events
        return json.loads(said.out[said.out.index("{") : said.out.rindex("}") + 1])

    night()
    made = Path(step("--early", "--graph", "--folder", str(folder / "next"))["made"])
    assert len(sandbox.client.application(CLIENT_ID)["keys"]) == 2
    night()
    following = CertificateFiles(made / "certificate.pem", made / "certificate-key.pem", {})
    world.configure(world.certificate, "[entra.next]\n" + certificate_lines(following))
    night()
    assert step()["accepted"] is True
    night()
    world.configure(following)
    night()
    assert step("--retire", thumbprint(world.certificate))["stays"] == thumbprint(following)
    assert [key["thumbprint"] for key in sandbox.client.application(CLIENT_ID)["keys"]] == [thumbprint(following)]
    assert "certificate" not in night()
    assert typed("certificate", "roll", "--retire", thumbprint(following)) == 3, "never the last one that lives"


def by_hand(folder: Path) -> Path:
    """A certificate as people make it with openssl."""
    pem = folder / "certificate.pem"
    words = ["req", "-x509", "-days", "3650", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=by hand"]
    openssl.openssl(*words, "-keyout", folder / "key.pem", "-out", pem)
    return pem


def test_the_portals_entry_of_a_certificate_made_with_openssl_is_accepted_and_a_spoilt_one_refused(
    folder: Path, sandbox: SandboxProcess, capsys: Capture
) -> None:
    pem = by_hand(folder)
    assert typed("certificate", "manifest", pem, "--format", "portal") == 0
    entry = json.loads(capsys.readouterr().out)
    assert sandbox.client.register_app({"keyCredentials": [entry]}, tenant=TENANT, client_id=CLIENT_ID)["keys"] == 1
    end = datetime.fromisoformat(entry["endDate"]) + timedelta(seconds=1)
    begin = datetime.fromisoformat(entry["startDate"]) - timedelta(seconds=1)
    hexadecimal = hashlib.sha1(openssl.der(pem), usedforsecurity=False).hexdigest()
    spoilt = [
        {"endDate": end.strftime("%Y-%m-%dT%H:%M:%SZ")},
        {"startDate": begin.strftime("%Y-%m-%dT%H:%M:%SZ")},
        {"customKeyIdentifier": hexadecimal},
        {"customKeyIdentifier": base64.b64encode(hexadecimal.encode()).decode()},
        {"value": pem.read_text("ascii")},
    ]
    for change in spoilt:
        with pytest.raises(SandboxRefused):
            sandbox.client.register_app({"keyCredentials": [entry | change]}, tenant=TENANT, client_id=CLIENT_ID)


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_openssl_verifies_the_assertion_with_nothing_but_the_certificate(folder: Path, algorithm: Literal["PS256", "RS256"]) -> None:
    pem = by_hand(folder)
    (folder / "key.pem").chmod(0o600)
    entra = Entra.model_validate(
        {"tenant": "t", "client": CLIENT_ID, "certificate": {"file": str(pem)}, "key": {"file": str(folder / "key.pem")}}
    )
    now = datetime.now(UTC)
    text = client_assertion(read_certificate(entra), client=CLIENT_ID, audience="https://login.example/token", algorithm=algorithm, now=now)
    assert "=" not in text
    signed, _, signature = text.rpartition(".")
    (folder / "signature").write_bytes(raw(signature))
    (folder / "public.pem").write_bytes(openssl.openssl("x509", "-in", pem, "-noout", "-pubkey"))
    padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256"]
    words: list[str | Path] = ["dgst", "-sha256", *(padding if algorithm == "PS256" else []), "-verify", folder / "public.pem"]
    assert openssl.openssl(*words, "-signature", folder / "signature", data=signed.encode()).decode().strip() == "Verified OK"
    head, claims = (json.loads(raw(part)) for part in signed.split("."))
    name, digest = ("x5t#S256", "sha256") if algorithm == "PS256" else ("x5t", "sha1")
    assert set(head) == {"alg", "typ", name}
    assert raw(head[name]).hex().upper() == openssl.thumbprint(pem, digest)
    assert (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT_ID, CLIENT_ID, "https://login.example/token")
    assert 300 <= claims["exp"] - claims["nbf"] <= 600


def raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
