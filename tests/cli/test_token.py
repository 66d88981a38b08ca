"""``timetable-sync token`` against the sandbox: what a token says, and for every refusal its own advice."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.cli.command_line import typed
from tests.cli.entra_world import certificate_lines, configuration, write_configuration
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate
from timetable_sync.config.clouds import CLOUDS

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def running(certificate: CertificateFiles) -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        process.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID)
        process.client.snapshot("fresh")
        yield process


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.client.restore("fresh")
    running.client.clear_faults()
    running.client.reset_requests()
    return running


@pytest.fixture
def well(folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles) -> SandboxProcess:
    """All is as it should be."""
    write_configuration(folder, configuration(sandbox, certificate_lines(certificate)))
    return sandbox


def test_what_a_token_says_is_shown_and_the_token_is_not(well: SandboxProcess, capsys: Capture) -> None:
    assert typed("token") == 0
    shown = capsys.readouterr()
    for said in ("https://outlook.office365.com", TENANT, CLIENT_ID, "full_access_as_app", "PS256", "in 60 minutes", "agrees with"):
        assert said in shown.out
    assert "eyJ" not in shown.out + shown.err
    assert shown.err == ""
    assert well.client.requests()["token"] == 1


def test_the_token_itself_is_printed_alone_and_only_when_it_is_asked_for(well: SandboxProcess, capsys: Capture) -> None:
    assert typed("token", "--raw") == 0
    raw = capsys.readouterr().out
    assert jwt.decode(raw.strip(), options={"verify_signature": False})["appid"] == CLIENT_ID
    assert typed("token", "--raw", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["token"].startswith("eyJ")


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_as_json_it_says_with_what_it_was_signed(
    folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles, capsys: Capture, version: str, algorithm: str
) -> None:
    more = f'version = "{version}"\nalgorithm = "{algorithm}"'
    write_configuration(folder, configuration(sandbox, certificate_lines(certificate), more=more))
    assert typed("token", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert (told["signed_with"]["kind"], told["signed_with"]["algorithm"]) == ("certificate", algorithm)
    assert (told["tenant"], told["application"], told["roles"]) == (TENANT, CLIENT_ID, ["full_access_as_app"])
    assert (told["warnings"], "token" in told) == ([], False)
    assert abs(told["clock_ahead_seconds"]) < 60


def test_without_consent_it_warns_and_does_not_refuse(well: SandboxProcess, certificate: CertificateFiles, capsys: Capture) -> None:
    well.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, roles=())
    assert typed("token") == 0
    said = capsys.readouterr()
    assert "none" in said.out
    assert "admin consent is missing" in said.err
    assert "RBAC for Applications" in said.err


def test_a_clock_that_is_off_a_little_is_said(well: SandboxProcess, capsys: Capture) -> None:
    well.client.advance_clock(-130)
    assert typed("token") == 0
    said = capsys.readouterr()
    assert "2 minutes ahead of the server's" in said.out
    assert "NTP" in said.err


@pytest.mark.parametrize(
    ("tenant", "more"),
    [
        (TENANT, f'scope = "{CLOUDS["china"].scope}"'),
        ("college.partner.onmschina.cn", ""),
    ],
)
def test_a_mixture_of_clouds_is_named_where_it_is_refused(
    folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles, capsys: Capture, tenant: str, more: str
) -> None:
    scope = more or f'scope = "{CLOUDS["usgov"].scope}"'
    text = configuration(sandbox, certificate_lines(certificate), tenant=tenant, more=scope)
    endpoint = f"{sandbox.url}/EWS/Exchange.asmx"
    assert endpoint in text
    write_configuration(folder, text.replace(endpoint, CLOUDS["global"].endpoint))
    assert typed("token") in (0, 3)
    said = capsys.readouterr().err
    assert "mixes clouds" in said
    assert "entra.cloud" in said


@dataclass
class Spoilt:
    """One thing that is wrong: in the configuration, or with the application as an administrator has it."""

    number: int
    means: str
    first: str
    settings: dict[str, Any] = field(default_factory=dict)
    application: dict[str, Any] = field(default_factory=dict)
    secret: str = ""
    clock: float = 0.0
    another_key: bool = False


# Everything that the field notes list for the token endpoint, each as the sandbox answers it.
TABLE = [
    Spoilt(700027, "no key with thumbprint", "Compare the thumbprint", another_key=True),
    Spoilt(700024, "this machine's clock is 60 minutes behind", "NTP", clock=3600),
    Spoilt(700016, "no application", "not the object id", settings={"client": "00000000-0000-4000-8000-00000000000a"}),
    Spoilt(700011, "is not, or no longer, in tenant", "Deleted applications", application={"state": "deleted"}),
    Spoilt(90002, "there is no tenant", "entra.tenant", settings={"tenant": "00000000-0000-4000-8000-00000000000b"}),
    Spoilt(90038, "another national cloud", "entra.authority", application={"cloud": "usgov"}),
    Spoilt(70011, "is not valid", "/.default", settings={"more": 'scope = "https://outlook.office365.com/.default/.default"'}),
    Spoilt(500011, "is not in tenant", "has Exchange Online", settings={"more": 'scope = "https://mail.example.ac.uk/.default"'}),
    Spoilt(650057, "no permission for the resource", "API permissions", application={"state": "unpermitted"}),
    Spoilt(7000215, "secret is wrong", "not its id", secret="mistyped"),
    Spoilt(7000222, "secret has expired", "Make a new one", secret="expired"),
    Spoilt(700025, "public client", "Allow public client flows", application={"state": "public"}),
]


@pytest.mark.parametrize("spoilt", TABLE, ids=lambda one: str(one.number))
def test_every_refusal_says_what_it_means_what_to_check_first_and_where(
    folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles, capsys: Capture, monkeypatch: pytest.MonkeyPatch, spoilt: Spoilt
) -> None:
    said = refused(folder, sandbox, certificate, capsys, monkeypatch, spoilt)
    message, advice = said.split("\n", 1)
    assert f"(AADSTS{spoilt.number})" in message
    assert spoilt.means in message
    assert spoilt.first in advice
    assert "eyJ" not in said


def test_no_two_of_them_give_the_same_advice(
    folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [refused(folder, sandbox, certificate, capsys, monkeypatch, spoilt).split("\n", 1)[1] for spoilt in TABLE]
    assert len(set(said)) == len(TABLE)


def refused(
    folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles, capsys: Capture, monkeypatch: pytest.MonkeyPatch, spoilt: Spoilt
) -> str:
    """What the command says on standard error where the sandbox refuses; message, line end, advice."""
    sandbox.client.restore("fresh")
    proof = certificate_lines(make_certificate(folder / "another", name="another") if spoilt.another_key else certificate)
    if spoilt.secret:
        monkeypatch.setenv("THE_SECRET", spoilt.secret)
        proof = 'secret = { env = "THE_SECRET" }'
        secrets = {"right": time.time() + 1000, "expired": time.time() - 1000}
        sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, secrets=secrets)
    if spoilt.application:
        sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, **spoilt.application)
    sandbox.client.advance_clock(spoilt.clock)
    write_configuration(folder, configuration(sandbox, proof, **spoilt.settings))
    assert typed("token") == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_a_client_secret_gets_a_token(
    folder: Path, sandbox: SandboxProcess, certificate: CertificateFiles, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_SECRET", "right")
    sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, secrets={"right": time.time() + 1000})
    write_configuration(folder, configuration(sandbox, 'secret = { env = "THE_SECRET" }'))
    assert typed("token") == 0
    assert "a client secret" in capsys.readouterr().out


def test_on_premises_there_is_no_token_to_get(folder: Path, capsys: Capture) -> None:
    text = (folder / "timetable-sync.toml").read_text("utf-8").partition("[entra]")[0]
    on_premises = (
        '[ews]\nendpoint = "https://mail.example.ac.uk/EWS/Exchange.asmx"\nsign_in = "ntlm"\nuser = "A\\\\svc"\npassword = { env = "P" }\n'
    )
    write_configuration(folder, text + on_premises)
    assert typed("token") == 2
    assert "there is no [entra]" in capsys.readouterr().err


def test_where_nothing_listens_it_is_said_and_may_be_tried_again(
    folder: Path, well: SandboxProcess, certificate: CertificateFiles, capsys: Capture
) -> None:
    write_configuration(folder, configuration(well, certificate_lines(certificate), authority="http://127.0.0.1:9"))
    assert typed("token") == 1
    assert "cannot be reached" in capsys.readouterr().err
