"""What a token says of itself. Its signature is the service's to verify, not ours; the token itself is never part of what comes out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import jwt

#: The application permission that EWS asks for. https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-authenticate-an-ews-application-by-using-oauth
ROLE = "full_access_as_app"


class Remark(NamedTuple):
    """Something a person should know: what, and what to do next."""

    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """Whom a token is for and what it allows. ``expires`` is aware, in UTC. Without ``readable`` (it is no JWT) the texts are empty."""

    audience: str
    tenant: str
    application: str
    roles: tuple[str, ...]
    expires: datetime
    readable: bool = True


def facts_of(token: str, expires: datetime) -> TokenFacts:
    """What ``token`` says; ``expires`` is what the answer it came in said."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        return TokenFacts("", "", "", (), expires, readable=False)
    roles = claims.get("roles")
    return TokenFacts(
        audience=_text(claims.get("aud")),
        tenant=_text(claims.get("tid")),
        application=_text(claims.get("appid") or claims.get("azp")),
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        expires=_expiry(claims.get("exp"), expires),
    )


def warning(facts: TokenFacts) -> Remark | None:
    """What is odd about a token that was issued all the same; None where nothing is."""
    if not facts.readable or ROLE in facts.roles:
        return None
    # Issued without roles: either nobody consented, or RBAC for Applications allows single mailboxes, which no token shows.
    # https://learn.microsoft.com/exchange/permissions-exo/application-rbac
    lacks = "names no roles" if not facts.roles else f"has the roles {', '.join(facts.roles)}, and not {ROLE}"
    return Remark(
        f"the token {lacks}: admin consent is missing, unless the application is limited to mailboxes by RBAC for Applications",
        f"Grant admin consent for {ROLE} under App registrations > API permissions; with RBAC for Applications this is as it should be.",
    )


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


def _expiry(claim: object, answered: datetime) -> datetime:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return answered
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError):
        return answered
