"""Secrets are looked at where they lie, and what must be put right is said with its place."""

from pathlib import Path

from tests.config.configuration import SHORTEST, read
from timetable_sync.config.errors import Problem
from timetable_sync.config.secret_checks import inspect_secrets

TEXT = SHORTEST.replace('{ credential = "certificate.pem" }', '{ file = "certificate.pem" }') + (
    'key = { file = "key.pem" }\npassphrase = { env = "PASSPHRASE" }\n[state]\npassword = { credential = "db" }\n'
)
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def place(folder: Path, mode: int) -> None:
    (folder / "certificate.pem").write_text(CERTIFICATE, "utf-8")
    key = folder / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\nhunter2\n", "utf-8")
    key.chmod(mode)


def test_what_is_there_is_said_of_every_secret(tmp_path: Path) -> None:
    place(tmp_path, 0o600)
    found, problems = inspect_secrets(read(tmp_path, TEXT), {})
    assert problems == []
    assert {secret.key: secret.found for secret in found} == {
        "entra.certificate": "there",
        "entra.key": "there",
        "entra.passphrase": "not set here",
        "state.password": "given by systemd when it starts the service",
    }
    assert "hunter2" not in repr(found)


def test_where_systemd_gave_credentials_they_must_be_there(tmp_path: Path) -> None:
    place(tmp_path, 0o600)
    _, problems = inspect_secrets(read(tmp_path, TEXT), {"CREDENTIALS_DIRECTORY": str(tmp_path), "PASSPHRASE": "x"})
    assert [problem.key for problem in problems] == ["state.password"]
    assert "/db cannot be read: No such file" in problems[0].what


def test_files_that_are_open_or_missing_are_problems_with_their_place(tmp_path: Path) -> None:
    place(tmp_path, 0o644)
    (tmp_path / "certificate.pem").unlink()
    loaded = read(tmp_path, TEXT, {"TIMETABLE_SYNC_ENTRA__KEY__FILE": "key.pem"})
    _, problems = inspect_secrets(loaded, {})
    advice = "Check the path and who may read it."
    assert problems == [
        Problem(
            f"{tmp_path}/timetable-sync.toml:17",
            f"cannot be used: {tmp_path}/certificate.pem cannot be read: No such file or directory. {advice}",
            "entra.certificate",
        ),
        Problem(
            "TIMETABLE_SYNC_ENTRA__KEY__FILE",
            f"cannot be used: others can read or change {tmp_path}/key.pem (mode 0644), so it is refused. "
            f"Close it: chmod 600 {tmp_path}/key.pem",
            "entra.key",
        ),
    ]
