"""Secrets are read from where the configuration says, refused where others can read them, and told to nobody."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from timetable_sync.config.secrets import SecretRef, check_readable_by_us_only, only_certificates
from timetable_sync.errors import UsageError

SECRET = "correct horse battery staple"
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

NOBODY = 65_534

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root has files of root's")


def kept(folder: Path, mode: int, content: bytes = SECRET.encode() + b"\n", owner: int | None = None) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    if owner is not None:
        os.chown(path, owner, -1)
    path.chmod(mode)
    return path


def test_a_file_of_its_owners_only_is_read(tmp_path: Path) -> None:
    path = kept(tmp_path, 0o600)
    assert SecretRef(file=path).read("entra.key", {}) == SECRET.encode() + b"\n"
    assert SecretRef(file=path).read_text("state.password", {}) == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666, 0o602, 0o601, 0o620, 0o610, 0o777])
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = kept(tmp_path, mode)
    with pytest.raises(UsageError) as caught:
        SecretRef(file=path).read("entra.key", {})
    assert caught.value.message == f"entra.key: others can read or change {path} (mode {mode:04o}), so it is refused"
    assert caught.value.advice == f"Close it: chmod 600 {path}"


def test_a_files_group_may_not_read_it(tmp_path: Path) -> None:
    # Where the tests run as root the file is given away, as root's own may be read by their group.
    with pytest.raises(UsageError, match="mode 0640"):
        check_readable_by_us_only(kept(tmp_path, 0o640, owner=NOBODY if os.getuid() == 0 else None))


@as_root
def test_but_where_root_owns_it_its_group_may(tmp_path: Path) -> None:
    check_readable_by_us_only(kept(tmp_path, 0o640, owner=0))
    with pytest.raises(UsageError, match="mode 0660"):
        check_readable_by_us_only(kept(tmp_path, 0o660, owner=0))


def test_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(kept(tmp_path, 0o644))
    with pytest.raises(UsageError, match="mode 0644"):
        check_readable_by_us_only(link)


def test_certificates_are_no_secret(tmp_path: Path) -> None:
    assert SecretRef(file=kept(tmp_path, 0o644, CERTIFICATE)).read("entra.certificate", {}) == CERTIFICATE


@pytest.mark.parametrize("kind", [b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY"])
def test_certificates_with_a_key_beside_them_are(tmp_path: Path, kind: bytes) -> None:
    content = CERTIFICATE + b"-----BEGIN " + kind + b"-----\nMIIB\n-----END " + kind + b"-----\n"
    assert not only_certificates(content)
    with pytest.raises(UsageError, match="so it is refused"):
        SecretRef(file=kept(tmp_path, 0o644, content)).read("entra.certificate", {})


def test_systemds_credentials_are_read_whatever_their_mode(tmp_path: Path) -> None:
    kept(tmp_path, 0o444)
    assert SecretRef(credential="secret").read_text("state.password", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == SECRET


def test_without_systemd_a_credential_says_how_to_get_it() -> None:
    with pytest.raises(UsageError) as caught:
        SecretRef(credential="secret").read("entra.key", {})
    assert "CREDENTIALS_DIRECTORY is not set" in caught.value.message
    assert "LoadCredential=" in caught.value.advice


def test_a_variable_is_read_and_a_missing_one_named() -> None:
    reference = SecretRef(env="DB_PASSWORD")
    assert reference.read_text("state.password", {"DB_PASSWORD": SECRET}) == SECRET
    with pytest.raises(UsageError, match=r"state.password: environment variable DB_PASSWORD is not set"):
        reference.read("state.password", {})


def test_a_missing_file_is_named_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"entra.key: .*/none cannot be read: No such file"):
        SecretRef(file=tmp_path / "none").read("entra.key", {})
    with pytest.raises(UsageError, match="none cannot be read: No such file"):
        check_readable_by_us_only(tmp_path / "none")


def test_a_folder_in_a_secrets_place_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        SecretRef(file=tmp_path).read("entra.key", {})


def test_a_password_that_is_no_text_is_refused_without_telling_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not UTF-8 text") as caught:
        SecretRef(file=kept(tmp_path, 0o600, b"\xff\xfehidden")).read_text("state.password", {})
    assert "hidden" not in caught.value.message


def test_a_reference_is_exactly_one() -> None:
    for wrong in ({}, {"file": "a", "env": "B"}, {"file": None}):
        with pytest.raises(ValidationError, match="must be exactly one of"):
            SecretRef.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong", [{"credential": "../key"}, {"credential": ""}, {"credential": ".."}, {"env": "two words"}, {"env": "A=B"}]
)
def test_a_name_that_leads_elsewhere_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must be the"):
        SecretRef.model_validate(wrong)


def test_a_reference_says_where_and_never_what(tmp_path: Path) -> None:
    reference = SecretRef(file=kept(tmp_path, 0o600))
    reference.read("entra.key", {})
    assert str(reference) == f'{{ file = "{tmp_path}/secret" }}'
    assert SECRET not in repr(reference) + str(reference.model_dump())


def test_pydantics_own_error_holds_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        SecretRef.model_validate({"value": SECRET, "env": SECRET})
    assert SECRET not in str(caught.value)
