"""The sandbox's own access tokens: signed with its own key, checked when they come back. Knows no HTTP."""

import base64
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.ews.accounts import Account

#: The resources that stand for Exchange and for Microsoft Graph, by their hosts and by their ids.
_EXCHANGE = (
    "https://outlook.office365.com",
    "https://outlook.office.com",
    "https://outlook.office365.us",
    "https://partner.outlook.cn",
    "00000002-0000-0ff1-ce00-000000000000",
)
_GRAPH = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "00000003-0000-0000-c000-000000000000",
)


def is_exchange(resource: str) -> bool:
    """Whether a token for ``resource`` is one for Exchange."""
    return resource.rstrip("/").lower() in _EXCHANGE


def is_graph(resource: str) -> bool:
    """Whether a token for ``resource`` is one for Microsoft Graph."""
    return resource.rstrip("/").lower() in _GRAPH


class TokenRefused(Exception):
    """A token that Exchange does not accept; the message is what it says in its header."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good token says. Or, on premises, which service account asks: then ``client_id`` is its name."""

    client_id: str
    tenant: str
    roles: list[str]
    account: Account | None = None
    audience: str = ""


class TokenMaker:
    """Signs and checks access tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
        self._good: dict[str, tuple[float, float, Grant]] = {}
        self._refused: set[str] = set()
        self._issued: set[str] = set()

    def key_pem(self) -> str:
        """The signing key, for the state file: tokens of before a restart stay good."""
        return self._pem

    def use_key(self, pem: str) -> None:
        """Sign with this key from now on."""
        self._good.clear()
        self._refused.clear()
        self._issued.clear()
        if pem == self._pem:
            return
        key = load_pem_private_key(pem.encode("ascii"), None)
        if isinstance(key, rsa.RSAPrivateKey):
            self._key, self._pem = key, pem

    def make(self, *, audience: str, client_id: str, tenant: str, roles: tuple[str, ...], strength: str, lifetime: int) -> str:
        """A token for ``audience``; ``strength`` is "2" where a certificate proved who asked, "1" where a secret did."""
        now = int(self._clock.now())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": client_id,
            "appidacr": strength,
            "idtyp": "app",
            "oid": str(uuid.uuid5(uuid.NAMESPACE_URL, client_id)),
            "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, client_id)),
            "tid": tenant,
            "uti": base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
            "ver": "1.0",
        }
        if roles:
            claims["roles"] = list(roles)
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "sandbox", "x5t": "sandbox"})
        self._issued.add(token)
        return token

    def refuse_all(self) -> None:
        """Every token issued up to now is bad from now on, as after an incident."""
        self._refused |= self._issued | self._good.keys()

    def check(self, token: str) -> Grant:
        """What a token grants; raises :class:`TokenRefused`."""
        now = self._clock.now()
        if token in self._refused:
            raise TokenRefused("The token has expired.")
        known = self._good.get(token)
        if known is None:
            known = self._read(token)
            self._good[token] = known
        not_before, end, grant = known
        if now >= end:
            raise TokenRefused("The token has expired.")
        if now < not_before - 300:
            raise TokenRefused("The token is not yet valid.")
        return grant

    def _read(self, token: str) -> tuple[float, float, Grant]:
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise TokenRefused("The token has an invalid signature.") from None
        if claims.get("appidacr") != "2" and is_exchange(str(claims["aud"])):
            # Exchange takes app-only tokens only where a certificate stood behind them.
            raise TokenRefused(
                "The access token is acquired using an authentication method that is too weak to allow access for this application. "
                "Presented auth strength was 1, required is 2."
            )
        return (
            float(claims["nbf"]),
            float(claims["exp"]),
            Grant(str(claims["appid"]), str(claims["tid"]), [str(one) for one in claims.get("roles", [])], audience=str(claims["aud"])),
        )

    def audience(self, token: str) -> str:
        """What a token was made for, without checking it."""
        return str(jwt.decode(token, options={"verify_signature": False}).get("aud", ""))
