"""The demo's certificate, and the application's registration as a person enters it in the portal: keyCredentials in a manifest."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from timetable_sync.entra.manifest import manifest_of

TENANT = "5b1c7c2e-2f6d-4c8e-9d57-a1de4a00c011"
CLIENT = "0f7d3a52-6a1b-4d0c-8a55-71e7ab1e5c0d"


def make_certificate(certificate_file: Path, key_file: Path) -> dict[str, Any]:
    """Write a new certificate, valid for a year, and its key, which nobody else can read. Gives the manifest that registers it."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "timetable-sync demo")])
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return manifest_of(certificate.public_bytes(Encoding.DER))


def write_manifest(file: Path, manifest: dict[str, Any]) -> None:
    """As JSON, the way the portal shows it."""
    file.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
