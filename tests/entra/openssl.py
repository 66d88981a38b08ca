"""The real openssl, asked about certificates: what it says is what ours is held against. Keys are made once and used by many tests."""

import re
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

SECRET = "open sesame 4711"


def openssl(*words: str | Path, data: bytes | None = None) -> bytes:
    """What it prints; fails where it does."""
    ended = subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


def thumbprint(pem: Path, digest: str) -> str:
    """``3FA1...``, as it prints it but for the colons."""
    said = openssl("x509", "-in", pem, "-noout", "-fingerprint", f"-{digest}").decode()
    return said.strip().partition("=")[2].replace(":", "")


def dates(pem: Path) -> tuple[datetime, datetime]:
    """From when to when it says that the certificate is valid."""
    said = openssl("x509", "-in", pem, "-noout", "-dates").decode()
    begins, ends = re.findall(r"not(?:Before|After)=(.*)", said)
    return tuple(datetime.strptime(text, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC) for text in (begins, ends))  # type: ignore[return-value]  # two of them


def der(pem: Path) -> bytes:
    """The certificate's DER form."""
    return openssl("x509", "-in", pem, "-outform", "DER")


@cache
def made(bits: int = 2048, days: int = 365) -> tuple[bytes, bytes]:
    """A certificate and its key, made by openssl as its manual says, as PEM."""
    folder = Path(mkdtemp(prefix="openssl-"))
    words = ["req", "-x509", "-days", str(days), "-newkey", f"rsa:{bits}", "-nodes", "-subj", "/CN=by openssl"]
    openssl(*words, "-keyout", folder / "key.pem", "-out", folder / "certificate.pem")
    return (folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes()


def written(folder: Path, form: str, bits: int = 2048) -> tuple[Path, Path]:
    """One of openssl's certificates in ``folder``: PEM to ask openssl about, and the file in ``form`` to ask us about."""
    certificate, key = made(bits)
    plain, private = folder / "plain.pem", folder / "plain-key.pem"
    plain.write_bytes(certificate)
    private.touch(mode=0o600)
    private.write_bytes(key)
    if form == "pem":
        return plain, plain
    target = folder / f"given.{form}"
    if form == "encrypted":
        locked = openssl("pkcs8", "-topk8", "-in", private, "-v2", "aes256", "-passout", f"pass:{SECRET}")
        target.write_bytes(certificate + locked)
    elif form == "p12":
        openssl("pkcs12", "-export", "-in", plain, "-inkey", private, "-out", target, "-passout", f"pass:{SECRET}")
    target.chmod(0o600)
    return plain, target
