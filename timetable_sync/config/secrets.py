"""Secrets by reference only: the configuration says where a secret lies, never what it is."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from timetable_sync.config.validators import credential_name, environment_variable, local_path
from timetable_sync.errors import Unreadable, UsageError
from timetable_sync.redaction import keep_out

#: How a reference can be written; said wherever something else stood.
FORMS = '{ file = "…" }, { env = "…" } or { credential = "…" }'


class SecretRef(BaseModel):
    """Where a secret lies: a file, an environment variable, or a systemd credential. Exactly one of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    file: Annotated[Path, BeforeValidator(local_path)] | None = Field(
        None, description="Path of a file that holds it, readable by its owner only (chmod 600).", examples=["secrets/key.pem"]
    )
    env: Annotated[str, AfterValidator(environment_variable)] | None = Field(
        None, description="Name of an environment variable that holds it.", examples=["TIMETABLE_DB_PASSWORD"]
    )
    credential: Annotated[str, AfterValidator(credential_name)] | None = Field(
        None, description="Name of a systemd credential (a file in $CREDENTIALS_DIRECTORY).", examples=["timetable-db"]
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretRef":
        if sum(value is not None for value in (self.file, self.env, self.credential)) != 1:
            raise PydanticCustomError("secret", "must be exactly one of {forms}", {"forms": FORMS.replace(" or ", ", ")})
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
        """The secret's bytes. ``what`` names its use in messages ("entra.key").

        A ``file`` that others can read is refused, unless there are but certificates in it, which are no secret. What systemd
        gives in ``$CREDENTIALS_DIRECTORY`` is guarded by systemd. Raises UsageError, without the secret in it.
        """
        source = os.environ if environ is None else environ
        if self.env is not None:
            value = source.get(self.env)
            if value is None:
                raise UsageError(f"{what}: environment variable {self.env} is not set", "Set it, or change the reference.")
            return _noted(value.encode("utf-8", "surrogateescape"))
        path = self.path(environ)
        if path is None:
            raise UsageError(f"{what}: no place is named to read it from", f"Write {FORMS}.")
        try:
            with path.open("rb") as file:
                found, status = file.read(), os.fstat(file.fileno())
        except OSError as error:
            raise Unreadable(f"{what}: {path} cannot be read: {error.strerror}", "Check the path and who may read it.") from None
        if self.file is not None and not only_certificates(found):
            _refuse_if_open(status, path, what)
        return _noted(found)

    def read_text(self, what: str, environ: Mapping[str, str] | None = None) -> str:
        """The secret as text, without the line end that editors add."""
        try:
            return self.read(what, environ).decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise UsageError(f"{what}: {self} is not UTF-8 text", "A password or passphrase is expected there.") from None


def check_readable_by_us_only(path: Path, what: str = "") -> None:
    """Raises UsageError where others than its owner can read or change the file at ``path``, or it cannot be looked at.

    ``what`` names its use in the message. The rule is PostgreSQL's for its own keys: nothing for group and others; but where root
    owns the file, its group may read it, which is how a system's administrator lends a key to a service without root's rights
    (https://www.postgresql.org/docs/current/ssl-tcp.html). Only the mode is judged, not who owns the folders above.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError(_named(what, f"{path} cannot be read: {error.strerror}"), "Check the path and who may read it.") from None
    _refuse_if_open(status, path, what)


def only_certificates(content: bytes) -> bool:
    """Whether a file holds PEM certificates and nothing secret."""
    return b"-----BEGIN CERTIFICATE-----" in content and b"PRIVATE KEY" not in content


def _noted(secret: bytes) -> bytes:
    """It, once nothing shows it any more by its value. Keys and certificates have a shape of their own, or are no text."""
    if b"-----BEGIN " not in secret:
        with suppress(UnicodeDecodeError):
            keep_out(secret.decode("utf-8"))
    return secret


def _refuse_if_open(status: os.stat_result, path: Path, what: str) -> None:
    if os.name != "posix":
        return  # There, access lists say who may read, and the mode says nothing.
    forbidden = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP if status.st_uid == 0 else stat.S_IRWXO | stat.S_IRWXG
    if status.st_mode & forbidden:
        raise UsageError(
            _named(what, f"others can read or change {path} (mode {stat.S_IMODE(status.st_mode):04o}), so it is refused"),
            f"Close it: chmod 600 {path}",
        )


def _named(what: str, sentence: str) -> str:
    return f"{what}: {sentence}" if what else sentence
