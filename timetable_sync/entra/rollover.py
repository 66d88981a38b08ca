"""The certificate to sign in with and the one that is to follow, and what is to be said of them: an end in sight, a next one of no use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from timetable_sync.entra.certificate import Certificate, read_certificate, read_next_certificate
from timetable_sync.entra.facts import Remark
from timetable_sync.errors import TimetableSyncError
from timetable_sync.settings.sections.entra import Entra


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
