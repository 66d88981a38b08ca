"""``certificate new``, ``show``, ``manifest`` and ``check``: openssl agrees with everything that they show and write."""

import base64
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CHECKOUT, typed
from tests.entra import openssl
from tests.entra.openssl import SECRET

Capture = pytest.CaptureFixture[str]


def facts(capsys: Capture) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def passphrase(folder: Path) -> Path:
    file = folder / "passphrase"
    file.touch(mode=0o600)
    file.write_text(SECRET + "\n", "utf-8")
    return file


def agrees(told: Any, pem: Path) -> None:
    """Everything in the JSON of a certificate is what openssl says of ``pem``."""
    begins, ends = openssl.dates(pem)
    assert datetime.fromisoformat(told["not_before"]) == begins
    assert datetime.fromisoformat(told["not_after"]) == ends
    for digest in ("sha1", "sha256"):
        assert told[digest]["hex"] == openssl.thumbprint(pem, digest)
        assert base64.b64decode(told[digest]["base64"]).hex().upper() == openssl.thumbprint(pem, digest)
    assert f"Public-Key: ({told['bits']} bit)" in openssl.openssl("x509", "-in", pem, "-noout", "-text").decode()


def entry_agrees(entry: Any, pem: Path, begin: str = "startDate", end: str = "endDate", value: str = "value") -> None:
    """Everything in an entry of keyCredentials is what openssl says of ``pem``."""
    assert (datetime.fromisoformat(entry[begin]), datetime.fromisoformat(entry[end])) == openssl.dates(pem)
    assert base64.b64decode(entry[value], validate=True) == openssl.der(pem)
    assert (entry["type"], entry["usage"]) == ("AsymmetricX509Cert", "Verify")


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("form", ["pem", "encrypted", "p12"])
def test_openssl_agrees_with_all_that_is_shown_and_written_of_its_own_certificates(
    folder: Path, capsys: Capture, passphrase: Path, form: str, bits: int
) -> None:
    pem, given = openssl.written(folder, form, bits)
    words = [given] if form != "p12" else [given, "--passphrase-file", passphrase]
    assert typed("certificate", "show", *words, "--format", "json") == 0
    (told,) = facts(capsys)["certificates"]
    assert told["bits"] == bits
    agrees(told, pem)
    assert typed("certificate", "show", *words) == 0
    shown = capsys.readouterr().out
    assert all(openssl.thumbprint(pem, digest) in shown for digest in ("sha1", "sha256"))
    assert typed("certificate", "manifest", *words) == 0
    entry = facts(capsys)
    assert list(entry) == ["customKeyIdentifier", "endDate", "keyId", "startDate", "type", "usage", "value"]
    assert base64.b64decode(entry["customKeyIdentifier"]).hex().upper() == openssl.thumbprint(pem, "sha1")
    entry_agrees(entry, pem)
    assert typed("certificate", "manifest", *words, "--format", "graph") == 0
    entry_agrees(facts(capsys), pem, "startDateTime", "endDateTime", "key")


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_a_new_certificate_is_what_openssl_says_it_is(folder: Path, capsys: Capture, passphrase: Path, bits: int) -> None:
    words = ["--bits", bits, "--days", 90, "--subject", "CN=night,O=Example University", "--passphrase-file", passphrase]
    assert typed("certificate", "new", *words, "--format", "json") == 0
    told = facts(capsys)
    pem, key = folder / "certificate" / "certificate.pem", folder / "certificate" / "certificate-key.pem"
    assert told["bits"] == bits
    agrees(told, pem)
    begins, ends = openssl.dates(pem)
    assert ends - begins == timedelta(days=90)
    assert openssl.openssl("verify", "-CAfile", pem, "-purpose", "sslclient", pem).decode().strip().endswith("OK")
    assert (folder / "certificate" / "certificate.cer").read_bytes() == openssl.der(pem)
    assert b"ENCRYPTED" in key.read_bytes()
    public = openssl.openssl("pkey", "-in", key, "-passin", f"pass:{SECRET}", "-pubout")
    assert public == openssl.openssl("x509", "-in", pem, "-noout", "-pubkey")
    assert key.stat().st_mode & 0o777 == 0o600
    subject = openssl.openssl("x509", "-in", pem, "-noout", "-subject", "-nameopt", "RFC2253").decode()
    assert subject.strip() == "subject=CN=night,O=Example University"


def test_new_overwrites_nothing_and_warns_of_a_long_life(folder: Path, capsys: Capture) -> None:
    assert typed("certificate", "new", "here", "--days", 730) == 0
    said = capsys.readouterr()
    assert "many tenants refuse a certificate that is valid for more than 365 days" in said.err
    assert 'certificate = { file = "here/certificate.pem" }' in said.out
    before = {path.name: path.read_bytes() for path in (folder / "here").iterdir()}
    assert typed("certificate", "new", "here") == 2
    assert "here is there already, and nothing is ever overwritten" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (folder / "here").iterdir()} == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--bits", "1024"), "a key of 1024 bits cannot be made"),
        (("--days", "0"), "cannot be valid for 0 days"),
        (("--subject", "CN="), "is no name for a certificate"),
        (("--subject", "x" * 65), "is no name for a certificate"),
        (("nowhere/at/all",), "nowhere/at is not a folder"),
        (("--passphrase-file", "none"), "none cannot be read"),
    ],
)
def test_what_no_certificate_can_be_made_of_is_said_in_a_line(folder: Path, capsys: Capture, words: tuple[str, ...], says: str) -> None:
    assert typed("certificate", "new", *words) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said
    assert [path.name for path in folder.iterdir()] == ["timetable-sync.toml"]


def test_show_takes_the_configured_certificate_and_the_next_one(folder: Path, capsys: Capture) -> None:
    pem, _ = openssl.written(folder, "pem")
    assert typed("certificate", "new", "coming") == 0
    configuration = folder / "timetable-sync.toml"
    named = 'certificate = { file = "plain.pem" }\nkey = { file = "plain-key.pem" }\n'
    named += 'next = { certificate = { file = "coming/certificate.pem" }, key = { file = "coming/certificate-key.pem" } }'
    configuration.write_text(configuration.read_text("utf-8").replace('certificate = { file = "certificate.pem" }', named), "utf-8")
    capsys.readouterr()
    assert typed("certificate", "show", "--format", "json") == 0
    current, following = facts(capsys)["certificates"]
    assert (current["part"], following["part"]) == ("current", "next")
    agrees(current, pem)
    agrees(following, folder / "coming" / "certificate.pem")


def test_show_says_the_key_id_that_a_manifest_has(folder: Path, capsys: Capture) -> None:
    pem, _ = openssl.written(folder, "pem")
    digest = base64.b64encode(bytes.fromhex(openssl.thumbprint(pem, "sha1"))).decode()
    entry = {"customKeyIdentifier": digest, "keyId": "8e2f8a54-0000-4000-8000-00000000000a", "value": None}
    (folder / "manifest.json").write_text(json.dumps({"keyCredentials": [entry]}), "utf-8")
    assert typed("certificate", "show", pem, "--manifest", "manifest.json") == 0
    assert "8e2f8a54-0000-4000-8000-00000000000a in manifest.json" in capsys.readouterr().out


def test_of_a_chain_signed_by_an_authority_the_own_certificate_is_shown(folder: Path, capsys: Capture) -> None:
    root, _ = openssl.written(folder, "pem")
    request, leaf = folder / "leaf.csr", folder / "leaf.pem"
    openssl.openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=leaf", "-keyout", folder / "leaf-key.pem", "-out", request
    )
    openssl.openssl("x509", "-req", "-in", request, "-CA", root, "-CAkey", folder / "plain-key.pem", "-CAcreateserial", "-out", leaf)
    (folder / "chain.pem").write_bytes(root.read_bytes() + leaf.read_bytes() + (folder / "leaf-key.pem").read_bytes())
    assert typed("certificate", "show", "chain.pem", "--format", "json") == 0
    (told,) = facts(capsys)["certificates"]
    assert (told["subject"], told["issuer"], told["self_signed"]) == ("CN=leaf", "CN=by openssl", False)
    agrees(told, leaf)


def test_check_says_what_is_wrong_and_manifest_puts_it_right(folder: Path, capsys: Capture) -> None:
    pem, _ = openssl.written(folder, "pem")
    manifest = folder / "manifest.json"
    manifest.write_text('{"name": "x", "keyCredentials": []}', "utf-8")
    assert typed("certificate", "check", pem, "--manifest", manifest) == 3
    assert "does not have the certificate" in capsys.readouterr().err
    assert typed("certificate", "manifest", pem, "--into", manifest) == 0
    assert typed("certificate", "check", pem, "--manifest", manifest) == 0
    assert "1 key of it is in force, 0 expired" in capsys.readouterr().out
    held = json.loads(manifest.read_text("utf-8"))
    held["keyCredentials"][0]["endDate"] = "2030-01-01T00:00:01Z"
    manifest.write_text(json.dumps(held), "utf-8")
    assert typed("certificate", "check", pem, "--manifest", manifest, "--format", "json") == 3
    said = capsys.readouterr()
    assert json.loads(said.out)["good"] is False
    assert "endDate is 2030-01-01T00:00:01Z, but the certificate says" in said.err
    assert typed("certificate", "manifest", pem, "--into", manifest) == 0
    assert typed("certificate", "check", pem, "--manifest", manifest) == 0


def test_check_names_what_has_expired(folder: Path, capsys: Capture) -> None:
    pem, _ = openssl.written(folder, "pem")
    old = {"customKeyIdentifier": "A" * 40, "keyId": "old-key", "startDate": "2020-01-01T00:00:00Z", "endDate": "2021-01-01T00:00:00Z"}
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"keyCredentials": [old]}), "utf-8")
    assert typed("certificate", "manifest", pem, "--into", manifest) == 0
    assert typed("certificate", "check", pem, "--manifest", manifest) == 0
    said = capsys.readouterr().out
    assert "1 key of it is in force, 1 expired" in said
    assert "old-key on 01 Jan 2021" in said


@pytest.mark.parametrize("command", ["new", "show", "manifest", "check", "roll"])
def test_help_of_each_has_an_example(command: str, capsys: Capture) -> None:
    assert typed("certificate", command, "--help") == 0
    assert f"Example: timetable-sync certificate {command}" in " ".join(capsys.readouterr().out.split())


KILLED = """
import os, sys
from timetable_sync.cli.app import exit_code_of
at, seen = int(sys.argv[1]), 0
def counted(name, real):
    def call(*arguments, **named):
        global seen
        seen += 1
        if seen == at:
            os.kill(os.getpid(), 9)
        return real(*arguments, **named)
    return call
for name in ("open", "fsync", "rename", "mkdir"):
    setattr(os, name, counted(name, getattr(os, name)))
code = exit_code_of(["certificate", "new", "made"])
print(seen)
sys.exit(code)
"""


@pytest.mark.slow
def test_killed_at_any_point_it_leaves_no_half_pair(folder: Path) -> None:
    def started(at: int) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
        command = [sys.executable, "-c", KILLED, str(at)]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)

    whole = {"certificate.pem", "certificate-key.pem", "certificate.cer"}
    calls = 0
    for at in range(1, 40):
        ended = started(at)
        there = {path.name for path in (folder / "made").iterdir()} if (folder / "made").exists() else set()
        assert there in (set(), whole)
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("**/*-key.pem"))
        if ended.returncode == 0:
            assert there == whole
            break
        assert ended.returncode == -9
        calls += 1
        if there:
            break
    assert calls >= 8
