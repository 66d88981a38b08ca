"""Checks a client assertion as Entra ID does, and names what is wrong with it by its AADSTS number. Issues nothing.

What an assertion must look like:
https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.entra.directory import Application
from timetable_sync.sandbox.entra.manifest import RegisteredKey

#: Entra ID forgives clocks that differ by five minutes.
SKEW = 300

#: An assertion may live for a day at most; people are told to use five to ten minutes.
LONGEST = 24 * 3600


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why Entra ID says no: the OAuth error, the AADSTS number, the sentence."""

    error: str
    number: int
    sentence: str


def _thumbprint(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _key_of(application: Application, header: dict[str, Any]) -> RegisteredKey:
    algorithm, sha1, sha256 = header.get("alg"), header.get("x5t"), header.get("x5t#S256")
    if algorithm not in ("RS256", "PS256"):
        raise Refusal(
            "invalid_request",
            5002738,
            f"Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, PS256'.",
        )
    if sha256 is not None and sha1 is None and algorithm == "PS256":
        for key in application.keys:
            if _thumbprint(key.sha256) == sha256:
                return key
    elif sha1 is not None and sha256 is None and algorithm == "RS256":
        for key in application.keys:
            if _thumbprint(key.sha1) == sha1:
                return key
    elif sha1 is None and sha256 is None:
        raise Refusal(
            "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is missing: x5t or x5t#S256."
        )
    else:
        raise Refusal(
            "invalid_client",
            700027,
            "The header's algorithm and thumbprint do not belong together: PS256 goes with x5t#S256, RS256 with x5t.",
        )
    raise Refusal(
        "invalid_client",
        700027,
        f"The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not "
        f"found., Thumbprint of key used by client: '{_hex(sha256 or sha1)}', Please visit the Azure Portal, Graph Explorer or directly "
        "use MS Graph to see configured keys for app Id "
        f"'{application.client_id}'.]",
    )


def _hex(thumbprint: Any) -> str:
    try:
        return base64.urlsafe_b64decode(str(thumbprint) + "=" * (-len(str(thumbprint)) % 4)).hex().upper()
    except ValueError:
        return str(thumbprint)[:64]


class AssertionChecker:
    """Checks assertions and remembers which were used."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: dict[str, float] = {}

    def check(self, assertion: str, application: Application, audience: str) -> None:
        """Nothing where the assertion proves that the application sent it; raises :class:`Refusal`."""
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.InvalidTokenError:
            raise Refusal("invalid_request", 50027, "JWT token is invalid or malformed.") from None
        key = _key_of(application, header)
        now = self._clock.now()
        if now > key.not_after or now < key.not_before:
            raise Refusal(
                "invalid_client",
                700027,
                "The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is "
                f"expired., Found key 'Start={_moment(key.not_before)}, End={_moment(key.not_after)}', Thumbprint of key used by client: "
                f"'{key.sha1.hex().upper()}'.]",
            )
        try:
            claims = jwt.decode(
                assertion,
                key.public_key(),
                algorithms=[str(header["alg"])],
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except jwt.InvalidTokenError:
            raise Refusal(
                "invalid_client",
                700027,
                "Client assertion failed signature validation. [Reason - The key was found, but the signature does not match., Thumbprint "
                f"of key used by client: '{key.sha1.hex().upper()}'.]",
            ) from None
        self._check_claims(claims, application, audience, now)

    def _check_claims(self, claims: dict[str, Any], application: Application, audience: str, now: float) -> None:
        wanted = application.client_id.lower()
        if str(claims.get("iss", "")).lower() != wanted or str(claims.get("sub", "")).lower() != wanted:
            raise Refusal(
                "invalid_client",
                700021,
                "Client assertion application identifier doesn't match 'client_id' parameter: 'iss' and 'sub' must be it.",
            )
        if claims.get("aud") != audience:
            raise Refusal(
                "invalid_client",
                700023,
                f"Client assertion audience claim does not match Realm issuer. The audience must be '{audience}'.",
            )
        try:
            begin, end = float(claims.get("nbf", now)), float(claims["exp"])
        except (KeyError, TypeError, ValueError):
            raise Refusal("invalid_client", 700024, "Client assertion has no usable 'exp' or 'nbf'.") from None
        if now > end + SKEW or now < begin - SKEW:
            raise Refusal(
                "invalid_client",
                700024,
                f"Client assertion is not within its valid time range. Current time: {_moment(now)}, valid from {_moment(begin)}, "
                f"expiry time of assertion {_moment(end)}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/"
                "certificate-credentials .",
            )
        if end - begin > LONGEST:
            raise Refusal("invalid_client", 700024, "Client assertion lives for too long: a day is the most.")
        self._use_once(str(claims.get("jti", "")), end)

    def _use_once(self, jti: str, end: float) -> None:
        if not jti:
            raise Refusal("invalid_client", 50027, "Client assertion has no 'jti'.")
        now = self._clock.now()
        self._used = {one: until for one, until in self._used.items() if until > now}
        if jti in self._used:
            raise Refusal("invalid_client", 7000274, "The client assertion was used before: 'jti' must be unique for every assertion.")
        self._used[jti] = end + SKEW


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
