"""Secrets by reference only: the configuration says where a secret lies, never what it is."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from timetable_sync.errors import UsageError


class SecretRef(BaseModel):
    """Where a secret lies: a file, an environment variable, or a systemd credential. Exactly one of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = Field(None, description="Path of a file that holds it; a relative one starts at the configuration's folder.")
    env: str | None = Field(None, description="Name of an environment variable that holds it.")
    credential: str | None = Field(None, description="Name of a systemd credential (a file in $CREDENTIALS_DIRECTORY).")

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretRef":
        if sum(value is not None for value in (self.file, self.env, self.credential)) != 1:
            raise ValueError("a secret is given by reference: exactly one of { file = … }, { env = … }, { credential = … }")
        return self

    def __str__(self) -> str:
        """As the configuration writes it; says where, never what."""
        for kind in ("file", "env", "credential"):
            value = getattr(self, kind)
            if value is not None:
                return f'{{ {kind} = "{value}" }}'
        return "{}"

    def path(self, environ: Mapping[str, str] | None = None) -> Path | None:
        """The file it lies in, or None for an environment variable. Raises UsageError without a credentials directory."""
        if self.file is not None:
            return self.file
        if self.credential is not None:
            directory = (os.environ if environ is None else environ).get("CREDENTIALS_DIRECTORY")
            if not directory:
                raise UsageError(
                    f'credential "{self.credential}" cannot be read: CREDENTIALS_DIRECTORY is not set',
                    "Start it from a systemd unit with LoadCredential=, or use { file = … } here.",
                )
            return Path(directory) / self.credential
        return None

    def read(self, what: str, environ: Mapping[str, str] | None = None) -> bytes:
        """The secret's bytes. ``what`` names its use in messages ("entra.key"). Raises UsageError, without the secret in it."""
        source = os.environ if environ is None else environ
        if self.env is not None:
            value = source.get(self.env)
            if value is None:
                raise UsageError(f"{what}: environment variable {self.env} is not set", "Set it, or change the reference.")
            return value.encode()
        path = self.path(environ)
        if path is None:
            raise UsageError(f"{what}: no place is named to read it from", "Write { file = … }, { env = … } or { credential = … }.")
        if self.file is not None:
            refuse_if_others_can_read(path, what)
        try:
            return path.read_bytes()
        except OSError as error:
            raise UsageError(f"{what}: {path} cannot be read: {error.strerror}", "Check the path and who may read it.") from None

    def read_text(self, what: str, environ: Mapping[str, str] | None = None) -> str:
        """The secret as text, without the line end that editors add."""
        try:
            return self.read(what, environ).decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise UsageError(f"{what}: {self} is not UTF-8 text", "A password or passphrase is expected there.") from None


def refuse_if_others_can_read(path: Path, what: str) -> None:
    """Raises UsageError where the file's group or everybody may read or write it. Credentials of systemd need no such check."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # That it cannot be read is said by whoever reads it.
    if os.name == "posix" and mode & 0o077:
        raise UsageError(f"{what}: others can read {path} (mode {mode & 0o777:04o}), so it is refused", f"Close it: chmod 600 {path}")
