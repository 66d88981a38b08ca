"""Where tokens are asked for, and in which words: the two versions of Entra ID's token endpoint. Pure.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from timetable_sync.errors import UsageError
from timetable_sync.settings.sections.entra import Entra
from timetable_sync.settings.wellformed import is_loopback


def token_url(entra: Entra) -> str:
    """The token endpoint, which is the assertion's audience too.

    Raises UsageError for an authority that is not an https address (http is for this machine only, where the sandbox is).
    """
    authority = entra.authority.rstrip("/")
    parts = urlsplit(authority)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UsageError(f'entra.authority: "{entra.authority}" is not an address', 'Write it as in "https://login.microsoftonline.com".')
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(
            f'entra.authority: "{entra.authority}" is not encrypted: anyone on the way could read the token', "Write https:// there."
        )
    path = "oauth2/v2.0/token" if entra.version == "v2" else "oauth2/token"
    return f"{authority}/{quote(entra.tenant, safe='')}/{path}"


def token_form(entra: Entra, proof: Mapping[str, str]) -> dict[str, str]:
    """The form's fields, those of ``proof`` among them. v2 names a scope, v1 the resource: what stands before ``/.default``."""
    wanted = {"scope": entra.scope} if entra.version == "v2" else {"resource": entra.scope.removesuffix("/.default")}
    return {
        "grant_type": "client_credentials",
        "client_id": entra.client,
        **proof,
        **wanted,
    }
