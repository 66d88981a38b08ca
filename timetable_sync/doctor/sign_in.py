"""The certificate, the clock and the token: what a run signs in with, and whether it is let in. Asks for one token."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from timetable_sync.config.schema import Settings
from timetable_sync.doctor.results import CheckResult, Part, failed, passed, warned
from timetable_sync.entra.claims import ROLE
from timetable_sync.entra.clouds import wrong_cloud
from timetable_sync.entra.rotation import expiry
from timetable_sync.entra.sign_in import SignIn, sign_in
from timetable_sync.entra.token import TokenProvider, skew_in_words, skew_remark
from timetable_sync.errors import TimetableSyncError
from timetable_sync.network.adapter import session_by
from timetable_sync.network.proxy import proxy_address
from timetable_sync.reports.formatting import counted


class SigningIn:
    """Looked at step by step. ``usable`` says whether calendars can be asked; ``tokens`` is None for a service account."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._signing: SignIn | None = None
        self._refused: TimetableSyncError | None = None
        self.usable = False

    @property
    def tokens(self) -> TokenProvider | None:
        """What a run would get its tokens from."""
        return None if self._signing is None else self._signing.tokens

    def certificate(self) -> Iterator[CheckResult]:
        """What is signed in with, and how long it lasts."""
        try:
            signing = self._signing = sign_in(self._settings, environ=self._environ)
        except TimetableSyncError as error:
            yield failed(Part.CERTIFICATE, error.message, error.advice, error.exit_code)
            return
        self.usable = True
        certificates, now = signing.certificates, datetime.now(UTC)
        if signing.tokens is None:
            ews = self._settings.ews
            yield passed(Part.CERTIFICATE, f"none: the service account {ews.user} signs in by {ews.sign_in}")
        elif certificates is None:
            yield warned(
                Part.CERTIFICATE,
                "none: a client secret is used, and Exchange Online's EWS takes no token that was got with one",
                "Make a certificate: timetable-sync certificate new",
            )
        else:
            current = certificates.current
            left = current.facts.days_left(now)
            said = f"{current.thumbprint}, good for {counted(left, 'more day')}, until {current.not_after:%d %b %Y}"
            if certificates.following is not None:
                said += f"; the next one until {certificates.following.not_after:%d %b %Y}"
            facts: dict[str, Any] = {"thumbprint": current.thumbprint, "days_left": left, "ends": current.not_after.isoformat()}
            remarks = [remark for remark in (expiry(certificates, now, signing.expiry_warning), certificates.trouble) if remark]
            for remark in remarks:
                yield warned(Part.CERTIFICATE, remark.message, remark.advice, **facts)
            if not remarks:
                yield passed(Part.CERTIFICATE, said, **facts)

    def clock(self) -> CheckResult:
        """This machine's clock beside the server's; where tokens are used, one is asked for."""
        skew = self._skew_by_token() if self.tokens is not None else self._skew_by_exchange()
        facts: dict[str, Any] = {"ahead_seconds": None if skew is None else round(skew.total_seconds())}
        if skew is None:
            return warned(Part.CLOCK, "not compared, as no server said what time it is", "Mend what is said below first.", **facts)
        remark = skew_remark(skew)
        if remark is not None:
            return warned(Part.CLOCK, remark.message, remark.advice, **facts)
        return passed(Part.CLOCK, skew_in_words(skew), **facts)

    def token(self) -> Iterator[CheckResult]:
        """What the token says; to be called after :meth:`clock`. Says nothing where a service account signs in."""
        tokens = self.tokens
        if tokens is None:
            if self._signing is None:
                yield warned(
                    Part.TOKEN, "not asked for, as there is nothing to sign in with", "Mend what is said of the certificate first."
                )
            return
        mixed = wrong_cloud(self._settings)
        if self._refused is not None:
            yield failed(Part.TOKEN, self._refused.message, self._refused.advice, self._refused.exit_code)
            if mixed is not None:
                yield warned(Part.TOKEN, mixed.message, mixed.advice)
            return
        remarks = [remark for remark in (tokens.warning(), tokens.fallback, mixed) if remark is not None]
        facts = tokens.describe()
        if facts is None:
            return
        told: dict[str, Any] = {
            "audience": facts.audience,
            "application": facts.application,
            "roles": list(facts.roles),
            "expires": facts.expires.isoformat(),
        }
        for remark in remarks:
            yield warned(Part.TOKEN, remark.message, remark.advice, **told)
        if not remarks:
            said = f"for {facts.audience}, with {ROLE}" if facts.readable else "given, and not to be read"
            yield passed(Part.TOKEN, said, **told)

    def _skew_by_token(self) -> timedelta | None:
        tokens = self.tokens
        if tokens is None:
            return None
        try:
            tokens.token()
        except TimetableSyncError as error:
            self._refused, self.usable = error, False
        return tokens.skew

    def _skew_by_exchange(self) -> timedelta | None:
        """What an answer to nobody in particular says; None where none comes, which is for the calendars to tell."""
        settings = self._settings
        try:
            session = session_by(proxy_address(settings.network, self._environ), settings.ews.ca_bundle)
            # Not with what ~/.netrc may have for that host.
            answer = session.get(
                settings.ews.endpoint, timeout=settings.ews.timeout.total_seconds(), allow_redirects=False, auth=lambda request: request
            )
            moment = parsedate_to_datetime(answer.headers.get("Date", ""))
        except (requests.RequestException, OSError, ValueError, TypeError, IndexError, OverflowError, TimetableSyncError):
            return None
        return datetime.now(UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
