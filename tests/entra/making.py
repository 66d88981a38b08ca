"""Certificates, tokens and a token endpoint's memory, made on the spot."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TENANT = "8e2f8a54-0000-4000-8000-000000000001"
CLIENT = "8e2f8a54-0000-4000-8000-000000000002"


@dataclass
class Made:
    """A key and its certificate, and ways to write them down."""

    key: Any
    x509: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.x509.public_bytes(Encoding.PEM)

    def key_pem(self, passphrase: bytes | None = None, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
        text: bytes = self.key.private_bytes(Encoding.PEM, form, encryption)
        return text


def make(name: str = "timetable-sync", *, days: int = 365, begins: datetime | None = None, key: Any = None) -> Made:
    begins = NOW - timedelta(days=1) if begins is None else begins
    key = rsa.generate_private_key(65537, 2048) if key is None else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    return Made(key, builder.sign(key, hashes.SHA256()))


def token_text(expires: datetime = NOW + timedelta(hours=1), **claims: Any) -> str:
    """A token as Entra ID issues it, signed with something that nobody checks here."""
    usual = {
        "aud": "https://outlook.office365.com",
        "tid": TENANT,
        "appid": CLIENT,
        "roles": ["full_access_as_app"],
        "exp": int(expires.timestamp()),
        "jti": f"{claims!r}",
    }
    return jwt.encode(usual | claims, "nobody checks this signature, only the length of the key", algorithm="HS256")


Reply = tuple[int, object, dict[str, str]]


@dataclass
class Endpoint:
    """What came in, and what goes out: the replies in turn, the last one again and again."""

    url: str
    replies: list[Reply] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, body: object, **headers: str) -> None:
        self.replies.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))

    def gives(self, token: str, lasts: object = 3600) -> None:
        self.says(200, {"token_type": "Bearer", "expires_in": lasts, "access_token": token})
