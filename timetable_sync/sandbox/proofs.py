"""Checks a proof of possession as Graph's addKey and removeKey ask for. Issues nothing.

https://learn.microsoft.com/graph/application-rollkey-prooftoken: a JWT signed by one of the application's valid certificates; aud is the
directory's own id, iss the application object's, the lifetime at most ten minutes, and there is no padding in any part.
"""

import base64
from typing import Any

import jwt

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.directory import Application
from timetable_sync.sandbox.manifest import RegisteredKey

AUDIENCE = "00000002-0000-0000-c000-000000000000"
LONGEST = 600

#: Clocks may differ by five minutes.
SKEW = 300


class ProofRefused(Exception):
    """The proof is none; the message says why, for the sandbox's own log: Graph itself does not say."""


def check_proof(proof: object, application: Application, clock: Clock) -> RegisteredKey:
    """The key that signed; raises :class:`ProofRefused`."""
    if not isinstance(proof, str) or proof.count(".") != 2:
        raise ProofRefused("the proof is no JWT")
    if "=" in proof:
        raise ProofRefused("a part of the proof is padded")
    try:
        header = jwt.get_unverified_header(proof)
    except jwt.InvalidTokenError:
        raise ProofRefused("the proof's header cannot be read") from None
    if header.get("alg") != "RS256":
        raise ProofRefused(f"the proof is signed by {header.get('alg')}, not RS256")
    key, claims = _signed(proof, header, application, clock.now())
    _check_claims(claims, application, clock.now())
    return key


def _signed(proof: str, header: dict[str, Any], application: Application, now: float) -> tuple[RegisteredKey, dict[str, Any]]:
    named = header.get("x5t")
    for key in application.keys:
        if named is not None and base64.urlsafe_b64encode(key.sha1).decode().rstrip("=") != named:
            continue
        if not key.not_before <= now <= key.not_after:
            continue
        try:
            return key, jwt.decode(proof, key.public_key(), algorithms=["RS256"], options=_CHECKED_HERE)
        except jwt.InvalidTokenError:
            continue
    raise ProofRefused("no valid certificate of the application signed the proof")


def _check_claims(claims: dict[str, Any], application: Application, now: float) -> None:
    if claims.get("aud") != AUDIENCE:
        raise ProofRefused(f"aud is {claims.get('aud')}")
    if claims.get("iss") != application.object_id:
        raise ProofRefused(f"iss is {claims.get('iss')}, not the application object's id")
    begin, end = claims.get("nbf"), claims.get("exp")
    if not isinstance(begin, int) or not isinstance(end, int):
        raise ProofRefused("nbf or exp is missing")
    if not 0 < end - begin <= LONGEST:
        raise ProofRefused("the proof lives for longer than ten minutes")
    if now > end + SKEW or now < begin - SKEW:
        raise ProofRefused("the proof is not valid now")


_CHECKED_HERE: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_iss": False}
