"""What the sandbox's Entra ID knows: tenants, applications, their keys and permissions. Issues nothing, checks no token."""

import base64
import fnmatch
import uuid
from dataclasses import dataclass, field
from typing import Any

from timetable_sync.sandbox.entra.manifest import RegisteredKey, read_keys


@dataclass(slots=True)
class Application:
    """An application registered in a tenant.

    ``scopes`` are the mailboxes (as globs) that Exchange's own roles grant the application without the permission in its
    token (RBAC for Applications). ``owns_itself`` says that its service principal was made an owner of it. ``state`` is what else an
    administrator may have made of it; ``cloud`` names the national cloud that its tenant is in, where it is not this one.
    """

    tenant: str
    client_id: str
    manifest: dict[str, Any]
    keys: list[RegisteredKey]
    roles: tuple[str, ...]
    secrets: dict[str, float] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    owns_itself: bool = False
    state: str = ""
    cloud: str = ""

    @property
    def object_id(self) -> str:
        """The id of the application object: not its client id, and not that of its service principal, which tokens have."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"application:{self.client_id.lower()}"))

    def use_credentials(self, credentials: list[dict[str, Any]]) -> None:
        """Have these ``keyCredentials``, in the portal's form, and no others; raises ManifestRefused."""
        manifest = {**self.manifest, "keyCredentials": credentials}
        self.keys = read_keys(manifest)
        self.manifest = manifest

    def may_use(self, address: str, roles: list[str]) -> bool:
        """Whether it may work on this mailbox with a token of these roles."""
        return "full_access_as_app" in roles or any(fnmatch.fnmatchcase(address.lower(), one.lower()) for one in self.scopes)


#: What may have become of an application: deleted, registered as a public client, without any permission for Exchange.
STATES = ("", "deleted", "public", "unpermitted")


class Directory:
    """Tenants and applications."""

    def __init__(self) -> None:
        self.applications: dict[str, Application] = {}

    @property
    def tenants(self) -> set[str]:
        """The tenants that have an application."""
        return {application.tenant.lower() for application in self.applications.values()}

    def register(self, data: dict[str, Any]) -> Application:
        """Register or replace an application; raises :class:`~timetable_sync.sandbox.entra.manifest.ManifestRefused`."""
        if data.get("state", "") not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES[1:])}")
        application = Application(
            tenant=str(data["tenant"]),
            client_id=str(data["client_id"]),
            manifest=data["manifest"],
            keys=read_keys(data["manifest"]),
            roles=tuple(data.get("roles", ())),
            secrets={str(name): float(end) for name, end in data.get("secrets", {}).items()},
            scopes=tuple(data.get("scopes", ())),
            owns_itself=bool(data.get("owns_itself", False)),
            state=str(data.get("state", "")),
            cloud=str(data.get("cloud", "")),
        )
        self.applications[application.client_id.lower()] = application
        return application

    def revoke(self, thumbprint: str) -> int:
        """Remove the key with this thumbprint (hexadecimal or base64 of SHA-1) from every application; how many had it."""
        plain = thumbprint.replace(":", "").replace(" ", "").upper()
        removed = 0
        for application in self.applications.values():
            gone = [key for key in application.keys if plain == key.sha1.hex().upper() or thumbprint == base64.b64encode(key.sha1).decode()]
            removed += len(gone)
            application.keys = [key for key in application.keys if key not in gone]
            names = {key.key_id for key in application.keys}
            application.manifest = {
                **application.manifest,
                "keyCredentials": [one for one in application.manifest["keyCredentials"] if str(one["keyId"]).lower() in names],
            }
        return removed

    def as_json(self) -> list[dict[str, Any]]:
        """For the state file."""
        return [
            {
                "tenant": one.tenant,
                "client_id": one.client_id,
                "manifest": one.manifest,
                "roles": list(one.roles),
                "secrets": one.secrets,
                "scopes": list(one.scopes),
                "owns_itself": one.owns_itself,
                "state": one.state,
                "cloud": one.cloud,
            }
            for one in self.applications.values()
        ]
