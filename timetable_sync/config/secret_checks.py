"""Whether the secrets that a configuration refers to are there and fit to be used. Opens them, and tells nothing of what is in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from timetable_sync.config.errors import Problem
from timetable_sync.config.load import Loaded
from timetable_sync.config.secrets import SecretRef
from timetable_sync.errors import UsageError


@dataclass(frozen=True, slots=True)
class SecretFound:
    """One reference: its dotted key, how it is written, and what was found in a few words."""

    key: str
    reference: str
    found: str


def inspect_secrets(loaded: Loaded, environ: Mapping[str, str]) -> tuple[list[SecretFound], list[Problem]]:
    """Every secret with what was found of it, and what must be put right.

    A variable that is not set, or a credential where systemd gave none, is no problem here: the service's environment may
    be another one than that of who checks.
    """
    found, problems = [], []
    for key, secret in _secrets(loaded.settings):
        if secret.credential is not None and not environ.get("CREDENTIALS_DIRECTORY"):
            state = "given by systemd when it starts the service"
        elif secret.env is not None and secret.env not in environ:
            state = "not set here"
        else:
            try:
                secret.read(key, environ)
                state = "there"
            except UsageError as error:
                reason = error.message.removeprefix(f"{key}: ")
                problems.append(Problem(place_of(loaded, key), f"cannot be used: {reason}. {error.advice}", key))
                continue
        found.append(SecretFound(key, str(secret), state))
    return found, problems


def _secrets(model: BaseModel, path: str = "") -> Iterator[tuple[str, SecretRef]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretRef):
            yield path + name, value
        elif isinstance(value, BaseModel):
            yield from _secrets(value, f"{path}{name}.")


def place_of(loaded: Loaded, key: str) -> str:
    """Where a value comes from, as a problem names it."""
    for name, origin in loaded.origins.items():
        if (name == key or name.startswith(f"{key}.")) and origin != "default":
            head, _, line = origin.rpartition(":")
            return f"{loaded.path}:{line}" if head == loaded.path.name else origin
    return str(loaded.path)
