"""Reading certificates and keys in every form they come in, and saying what is wrong with one."""

import base64
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, pkcs12

from tests.entra.making import NOW, Made, make
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.certificate import load_certificate, read_certificate
from timetable_sync.entra.certificate_file import read_given
from timetable_sync.errors import CredentialsRefused, UsageError

Write = Callable[[str, bytes], dict[str, str]]
Build = Callable[..., Entra]
SECRET = b"open sesame 4711"


def passphrase(written: Write, text: bytes = SECRET) -> dict[str, str]:
    return written("passphrase", text + b"\n")


def test_certificate_and_key_in_two_pem_files_are_read(entra: Build, made: Made) -> None:
    certificate = load_certificate(entra(), now=NOW)
    assert certificate.key.private_numbers() == made.key.private_numbers()
    assert certificate.subject == "CN=timetable-sync"
    assert certificate.not_before == made.x509.not_valid_before_utc
    assert certificate.not_after == made.x509.not_valid_after_utc


def test_a_chain_and_the_key_may_stand_in_one_file_in_any_order(entra: Build, written: Write, made: Made, other: Made) -> None:
    whole = written("all.pem", b"a remark\n" + other.pem + made.key_pem() + made.pem)
    assert load_certificate(entra(certificate=whole, key=None), now=NOW).subject == "CN=timetable-sync"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_opened_with_its_passphrase(entra: Build, written: Write, made: Made, form: PrivateFormat) -> None:
    key = written("locked.pem", made.key_pem(SECRET, form))
    assert load_certificate(entra(key=key, passphrase=passphrase(written)), now=NOW).sha1 == make_sha1(made)


def test_a_passphrase_that_is_not_needed_does_no_harm(entra: Build, written: Write, made: Made) -> None:
    assert load_certificate(entra(passphrase=passphrase(written)), now=NOW).sha1 == make_sha1(made)


@pytest.mark.parametrize("secret", [SECRET, None])
def test_a_pkcs12_file_holds_both(entra: Build, written: Write, made: Made, other: Made, secret: bytes | None) -> None:
    encryption = NoEncryption() if secret is None else BestAvailableEncryption(secret)
    whole = written("both.pfx", pkcs12.serialize_key_and_certificates(b"x", made.key, made.x509, [other.x509], encryption))
    settings = entra(certificate=whole, key=None, passphrase=None if secret is None else passphrase(written))
    assert load_certificate(settings, now=NOW).subject == "CN=timetable-sync"


def test_a_pkcs12_file_with_an_empty_passphrase_opens_without_one(entra: Build, written: Write, made: Made, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(made.pem + made.key_pem())
    command = ["openssl", "pkcs12", "-export", "-in", "a.pem", "-out", "a.pfx", "-passout", "pass:"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    settings = entra(certificate=written("b.pfx", (tmp_path / "a.pfx").read_bytes()), key=None)
    assert load_certificate(settings, now=NOW).subject == "CN=timetable-sync"


def test_der_files_are_read(entra: Build, written: Write, made: Made) -> None:
    certificate = written("c.cer", made.x509.public_bytes(Encoding.DER))
    key = written("k.der", made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    assert load_certificate(entra(certificate=certificate, key=key), now=NOW).sha1 == make_sha1(made)


def test_an_encrypted_der_key_is_opened(entra: Build, written: Write, made: Made) -> None:
    key = written("k.der", made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET)))
    assert load_certificate(entra(key=key, passphrase=passphrase(written)), now=NOW).sha1 == make_sha1(made)


def make_sha1(made: Made) -> bytes:
    from cryptography.hazmat.primitives import hashes

    return made.x509.fingerprint(hashes.SHA1())  # noqa: S303 - the portal's name for a certificate, no safeguard


def test_openssl_says_the_same_thumbprints(entra: Build, made: Made, tmp_path: Path) -> None:
    certificate = load_certificate(entra(), now=NOW)
    (tmp_path / "shown.pem").write_bytes(made.pem)
    for name, ours in (("sha1", certificate.thumbprint), ("sha256", certificate.sha256.hex().upper())):
        said = subprocess.run(
            ["openssl", "x509", "-in", "shown.pem", "-noout", "-fingerprint", f"-{name}"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        assert said.stdout.strip().partition("=")[2].replace(":", "") == ours


def test_key_and_passphrase_come_from_a_systemd_credential_and_the_environment(
    entra: Build, written: Write, made: Made, tmp_path: Path
) -> None:
    written("locked", made.key_pem(SECRET))
    settings = entra(key={"credential": "locked"}, passphrase={"env": "KEY_WORD"})
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "KEY_WORD": SECRET.decode()}
    assert load_certificate(settings, environ=environ, now=NOW).subject == "CN=timetable-sync"


def refused(settings: Entra, now: datetime = NOW) -> CredentialsRefused:
    with pytest.raises(CredentialsRefused) as caught:
        load_certificate(settings, now=now)
    error = caught.value
    assert error.exit_code == 3
    assert "\n" not in error.message
    assert error.message
    assert error.advice
    assert SECRET.decode() not in error.message + error.advice
    return error


def test_a_key_of_another_certificate_is_refused(entra: Build, written: Write, other: Made) -> None:
    assert "does not belong to" in refused(entra(key=written("other.pem", other.key_pem()))).message


def test_a_wrong_passphrase_is_said(entra: Build, written: Write, made: Made) -> None:
    key = written("locked.pem", made.key_pem(b"another one"))
    assert "the passphrase does not open the key" in refused(entra(key=key, passphrase=passphrase(written))).message


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_missing_passphrase_is_said(entra: Build, written: Write, made: Made, form: PrivateFormat) -> None:
    assert "entra.passphrase is not set" in refused(entra(key=written("locked.pem", made.key_pem(SECRET, form)))).message


@pytest.mark.parametrize(("given", "words"), [(b"wrong", "does not open"), (None, "entra.passphrase is not set")])
def test_a_locked_pkcs12_file_is_said(entra: Build, written: Write, made: Made, given: bytes | None, words: str) -> None:
    data = pkcs12.serialize_key_and_certificates(b"x", made.key, made.x509, None, BestAvailableEncryption(SECRET))
    reference = None if given is None else passphrase(written, given)
    assert words in refused(entra(certificate=written("both.pfx", data), key=None, passphrase=reference)).message


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x30\x82", b"0" * 5000, b"\x00\xff" * 40])
def test_what_is_no_certificate_is_said(entra: Build, written: Write, data: bytes) -> None:
    assert "neither a certificate nor a private key" in refused(entra(certificate=written("odd", data))).message


def test_a_certificate_whose_key_is_of_an_unknown_kind_is_read_and_is_not_ours(
    entra: Build, written: Write, made: Made, tmp_path: Path
) -> None:
    rsa_key, unknown = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d010126")
    der = made.x509.public_bytes(Encoding.DER).replace(rsa_key, unknown)
    assert "does not belong to the certificate" in refused(entra(certificate=written("odd.der", der))).message
    (tmp_path / "given.der").write_bytes(der)
    assert read_given(tmp_path / "given.der").bits == 0


def test_a_certificate_whose_name_cannot_be_read_is_damaged(entra: Build, written: Write, made: Made) -> None:
    der = made.x509.public_bytes(Encoding.DER).replace(b"timetable-sync", b"timetable-syn\xff")
    pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    for content in (der, pem):
        assert "is damaged" in refused(entra(certificate=written("odd", content))).message


def test_a_certificate_whose_name_is_made_of_bits_is_damaged(entra: Build, written: Write, made: Made) -> None:
    """Found by fuzzing: the library says so by a TypeError, and only when the name is asked for."""
    der = made.x509.public_bytes(Encoding.DER)
    for odd in (der.replace(b"\x0c\x0etimetable-sync", b"\x03\x0etimetable-sync", count) for count in (1, 2)):
        assert odd != der
        assert "is damaged" in refused(entra(certificate=written("odd", odd))).message


def test_a_certificate_of_a_version_that_there_is_not_is_damaged(entra: Build, written: Write, made: Made) -> None:
    """Found by fuzzing: the library has an error of its own for that, which is no ValueError."""
    der = made.x509.public_bytes(Encoding.DER).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x0a", 1)
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
    for content in (der, pem):
        assert "is damaged" in refused(entra(certificate=written("odd", content))).message


def test_damaged_blocks_are_said(entra: Build, written: Write, made: Made) -> None:
    torn = made.pem.replace(made.pem[60:200], b"")
    assert "certificate in" in refused(entra(certificate=written("torn.pem", torn))).message
    key = made.key_pem()
    assert "private key in" in refused(entra(key=written("torn-key.pem", key.replace(key[60:200], b"")))).message


def test_a_key_where_the_certificate_should_be_is_said(entra: Build, written: Write, made: Made) -> None:
    assert "holds no certificate" in refused(entra(certificate=written("key2.pem", made.key_pem()))).message


def test_a_certificate_where_the_key_should_be_is_said(entra: Build, written: Write, made: Made) -> None:
    assert "holds no private key" in refused(entra(key=written("cert2.pem", made.pem))).message


def test_no_key_anywhere_is_said(entra: Build) -> None:
    assert "entra.key is not set" in refused(entra(key=None)).message


def test_an_elliptic_key_is_refused_as_entra_id_takes_rsa_only(entra: Build, written: Write, elliptic: Made) -> None:
    settings = entra(certificate=written("e.pem", elliptic.pem), key=written("ek.pem", elliptic.key_pem()))
    assert "not an RSA key" in refused(settings).message


def test_a_key_that_cannot_sign_is_refused(entra: Build, written: Write) -> None:
    from cryptography.hazmat.primitives.asymmetric import x25519

    key = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert "cannot sign" in refused(entra(key=written("x.pem", key))).message
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert "does not belong" in refused(entra(key=written("ed.pem", other))).message


def test_an_expired_certificate_is_refused_and_its_day_named(entra: Build, made: Made) -> None:
    late = made.x509.not_valid_after_utc + timedelta(seconds=1)
    error = refused(entra(), now=late)
    assert f"expired on {made.x509.not_valid_after_utc:%d %b %Y}" in error.message
    assert load_certificate(entra(), now=made.x509.not_valid_after_utc).subject


def test_a_certificate_of_tomorrow_is_refused(entra: Build, made: Made) -> None:
    early = made.x509.not_valid_before_utc - timedelta(seconds=1)
    assert "is not valid before" in refused(entra(), now=early).message


def test_an_expired_certificate_can_still_be_looked_at(entra: Build, written: Write) -> None:
    old = make("old", begins=datetime(2020, 1, 1, tzinfo=UTC), days=30)
    settings = entra(certificate=written("old.pem", old.pem), key=written("old-key.pem", old.key_pem()))
    assert read_certificate(settings).not_after == datetime(2020, 1, 31, tzinfo=UTC)


def test_a_missing_file_is_a_usage_error(entra: Build, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        load_certificate(entra(key={"file": str(tmp_path / "nowhere.pem")}), now=NOW)
    assert caught.value.exit_code == 2


def test_a_key_that_others_can_read_is_refused(entra: Build, written: Write, made: Made) -> None:
    reference = written("open.pem", made.key_pem())
    Path(reference["file"]).chmod(0o644)
    with pytest.raises(UsageError, match="others can read"):
        load_certificate(entra(key=reference), now=NOW)


def test_no_repr_shows_the_key(entra: Build, made: Made) -> None:
    certificate = load_certificate(entra(), now=NOW)
    numbers: rsa.RSAPrivateNumbers = made.key.private_numbers()
    shown: list[Any] = [repr(certificate), str(certificate), f"{certificate}"]
    for text in shown:
        assert "key=" not in text
        assert str(numbers.d) not in text
