"""Rotates the application's certificate: loads the current and the next one, registers the next with Graph, retires an old one.

The application never is without a valid key. Every step looks before it acts and after it, so that it may be run again, and a response
that got lost does no harm. A next certificate that cannot be used is reported, and so is the current one's end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.app_registration import Graph, Registration, graph_token
from timetable_sync.entra.certificate import Certificate, read_certificate, read_next_certificate
from timetable_sync.entra.certificate_facts import base64_of, hexadecimal
from timetable_sync.entra.certificate_file import read_given
from timetable_sync.entra.claims import Remark
from timetable_sync.entra.credential import proof_of_possession
from timetable_sync.entra.manifest import Registered, thumbprint_of
from timetable_sync.entra.token import TokenProvider
from timetable_sync.errors import CredentialsRefused, TimetableSyncError, TransientError, UsageError


@dataclass(frozen=True, slots=True)
class Signer:
    """Graph, asked with tokens that ``certificate`` got: so it is one that Entra ID accepts."""

    graph: Graph
    certificate: Certificate


def signer(entra: Entra, certificate: Certificate, following: Certificate | None = None, *, session: requests.Session) -> Signer:
    """Sign in for Graph with ``certificate``, or where it is refused with ``following``. Raises CredentialsRefused or TransientError."""
    token = TokenProvider(graph_token(entra), certificate, following=following, session=session)
    token.token()
    return Signer(Graph(entra, token, session=session), token.certificate or certificate)


def accepts(entra: Entra, certificate: Certificate, *, session: requests.Session) -> CredentialsRefused | None:
    """None where Entra ID gives a token for ``certificate``, else why it does not. Raises TransientError."""
    try:
        TokenProvider(entra, certificate, session=session).token()
    except CredentialsRefused as refused:
        return refused
    return None


def register(by: Signer, following: Certificate, *, object_id: str = "", now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> bool:
    """Register ``following`` with Graph; whether that was needed. Raises CredentialsRefused or TransientError.

    With ``object_id`` the application is not read, which takes a permission; then it is added without looking.
    """
    if not object_id:
        registration = by.graph.registration()
        if _entry(registration, following) is not None:
            return False
        object_id = registration.object_id
        look = True
    else:
        look = False
    try:
        by.graph.add_key(object_id, base64_of(following.der), proof_of_possession(by.certificate, object_id=object_id, now=now()))
    except TransientError:
        # It may have happened all the same.
        if not look or _entry(by.graph.registration(), following) is None:
            raise
    return True


def retire(by: Signer, which: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[Registered]:
    """Take keys out with Graph: the one that ``which`` names by file, thumbprint or keyId, or all that are "expired". Gives those.

    Raises CredentialsRefused for the key that is signed in with and for the last one that lives, and UsageError for one that is not there.
    """
    registration = by.graph.registration()
    gone = _named(registration, which, now())
    ours = _entry(registration, by.certificate)
    living = [key for key in registration.keys if not key.expired(now())]
    if ours is None or ours not in living:
        raise CredentialsRefused(
            f"the key that is signed in with, {by.certificate.thumbprint}, is not among those that Graph lists, so nothing is taken out",
            "Changes take some minutes to be seen everywhere: try again then.",
        )
    if ours in gone:
        raise CredentialsRefused(
            f"{by.certificate.thumbprint} is the key that is signed in with, so it is not taken out",
            "Register the next certificate first, and configure it under [entra.next].",
        )
    for key in gone:
        proof = proof_of_possession(by.certificate, object_id=registration.object_id, now=now())
        try:
            by.graph.remove_key(registration.object_id, key.key_id, proof)
        except TransientError:
            if any(one.key_id == key.key_id for one in by.graph.registration().keys):
                raise
    return gone


def _named(registration: Registration, which: str, now: datetime) -> list[Registered]:
    if which == "expired":
        return [key for key in registration.keys if key.expired(now)]
    digest = thumbprint_of(which)
    if digest is None and Path(which).is_file():
        digest = read_given(Path(which)).sha1
    found = [key for key in registration.keys if key.key_id.lower() == which.lower() or (digest is not None and key.thumbprint == digest)]
    if not found:
        known = ", ".join(hexadecimal(key.thumbprint or b"") or key.key_id for key in registration.keys) or "none"
        raise UsageError(
            f'"{which}" is neither a certificate\'s file, nor thumbprint or keyId of a key of this application', f"Its keys are: {known}"
        )
    return found


def _entry(registration: Registration, certificate: Certificate) -> Registered | None:
    return next((key for key in registration.keys if key.is_for(certificate.facts)), None)


@dataclass(frozen=True, slots=True)
class Certificates:
    """``current``, and ``following`` where ``entra.next`` names one that can be used; ``trouble`` says why it cannot."""

    current: Certificate
    following: Certificate | None = None
    trouble: Remark | None = None


def load_certificates(entra: Entra, *, environ: Mapping[str, str] | None = None, now: datetime | None = None) -> Certificates:
    """What ``entra`` names, of which at least one is valid at ``now`` (aware; by default: now).

    A next certificate that cannot be used is no error, as long as the current one can. Raises CredentialsRefused, or UsageError where
    a reference of the current one leads nowhere.
    """
    now = datetime.now(UTC) if now is None else now
    current = read_certificate(entra, environ=environ)
    following, trouble = _following(entra, environ, now)
    if following is None:
        current.refuse_unless_valid(now)
    elif following.sha256 == current.sha256:
        following, trouble = None, Remark("entra.next names the current certificate", "Take [entra.next] out of the configuration.")
        current.refuse_unless_valid(now)
    return Certificates(current, following, trouble)


def _following(entra: Entra, environ: Mapping[str, str] | None, now: datetime) -> tuple[Certificate | None, Remark | None]:
    if entra.next is None:
        return None, None
    try:
        following = read_next_certificate(entra.next, environ=environ)
        following.refuse_unless_valid(now)
    except TimetableSyncError as error:
        return None, Remark(f"the next certificate cannot be used: {error.message}", error.advice)
    return following, None


def expiry(certificates: Certificates, now: datetime, warning: timedelta) -> Remark | None:
    """That the current certificate ends within ``warning`` of ``now`` (aware), or has ended; None where there is time."""
    left = certificates.current.not_after - now
    if left > warning:
        return None
    day = f"{certificates.current.not_after:%d %b %Y}"
    days = "1 day" if left.days == 1 else f"{left.days} days"
    message = f"the certificate expired on {day}" if left < timedelta(0) else f"the certificate expires in {days}, on {day}"
    if certificates.following is not None:
        message += f"; the next one, until {certificates.following.not_after:%d %b %Y}, is configured"
    return Remark(message, "timetable-sync certificate roll")
