"""The sandbox as a process of its own, and certificates to register in it, for the tests of every room."""

import base64
import hashlib
import json
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from timetable_sync.sandbox.client import SandboxClient

TENANT = "3a5c1f0e-7d43-4a0b-9c55-1f0f7a1b2c3d"
CLIENT_ID = "6f1e2d3c-4b5a-4968-8776-655443322110"

_PATIENCE = 60.0


@dataclass(frozen=True)
class CertificateFiles:
    """A certificate and its key as PEM files, and the manifest that registers it."""

    cert_pem: Path
    key_pem: Path
    manifest_dict: dict[str, Any]


def manifest_of(certificate: x509.Certificate) -> dict[str, Any]:
    """The manifest with this certificate's keyCredentials, as the portal has it."""
    der = certificate.public_bytes(Encoding.DER)
    return {
        "keyCredentials": [
            {
                "customKeyIdentifier": base64.b64encode(hashlib.sha1(der, usedforsecurity=False).digest()).decode(),
                "endDate": certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "keyId": str(uuid.uuid4()),
                "startDate": certificate.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
                "value": base64.b64encode(der).decode(),
            }
        ]
    }


def make_certificate(
    folder: Path,
    *,
    days: float = 365,
    not_before: datetime | None = None,
    passphrase: str | None = None,
    bits: int = 2048,
    name: str = "timetable-sync",
) -> CertificateFiles:
    """A fresh self-signed certificate in ``folder``, valid for ``days`` from ``not_before`` (an hour ago)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    begin = (not_before or datetime.now(UTC) - timedelta(hours=1)).astimezone(UTC).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    cert_pem, key_pem = folder / f"{name}.pem", folder / f"{name}-key.pem"
    cert_pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_pem.touch(mode=0o600)
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    key_pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return CertificateFiles(cert_pem, key_pem, manifest_of(certificate))


def ready_app(client: SandboxClient, files: CertificateFiles, tenant: str = TENANT, client_id: str = CLIENT_ID) -> None:
    """Register an application with this certificate and all it needs for EWS."""
    client.register_app(files.manifest_dict, tenant=tenant, client_id=client_id)


class SandboxProcess:
    """A running sandbox; a context manager. ``state`` names its state file, if it is to have one."""

    def __init__(self, *, state: Path | None = None) -> None:
        self._state = state
        self._folder = TemporaryDirectory(prefix="sandbox-")
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> Self:
        """Start it and wait until it listens."""
        ready = Path(self._folder.name) / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "timetable_sync.sandbox", "--port", "0", "--ready-file", str(ready)]
        if self._state is not None:
            command += ["--state", str(self._state)]
        root = Path(__file__).resolve().parent.parent
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=root)
        end = time.monotonic() + _PATIENCE
        while not ready.exists():
            if self._process.poll() is not None:
                raise RuntimeError(f"the sandbox ended at once, with exit code {self._process.returncode}")
            if time.monotonic() > end:
                self.stop()
                raise RuntimeError("the sandbox does not listen")
            time.sleep(0.01)
        self.url = json.loads(ready.read_text())["url"]
        self.client = SandboxClient(self.url)
        return self

    @property
    def pid(self) -> int:
        """The process."""
        if self._process is None:
            raise RuntimeError("the sandbox was not started")
        return self._process.pid

    def wait(self, seconds: float = 20) -> int:
        """Wait until it has ended by itself; its exit code."""
        if self._process is None:
            raise RuntimeError("the sandbox was not started")
        return self._process.wait(seconds)

    def stop(self) -> int:
        """End it as a service manager would (SIGTERM); its exit code. May be called twice."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self._process.returncode

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._folder.cleanup()
