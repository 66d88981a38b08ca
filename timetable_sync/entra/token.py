"""One token for a whole run, shared by its threads, and how far this machine's clock is from the server's.

A token is fetched once, renewed ahead of its end, and never shown, logged or kept anywhere else.

It waits for nothing and repeats nothing: an endpoint that is down is :class:`~timetable_sync.errors.TransientError`, and
whoever has a deadline tries again. A refusal lasts: it is said again to every thread, without another request. But where a
key is refused, the next one is tried.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import requests
import structlog

from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.aadsts_errors import PASSING, Circumstances, refusal
from timetable_sync.entra.certificate import Certificate
from timetable_sync.entra.claims import Remark, TokenFacts, facts_of, warning
from timetable_sync.entra.credential import Credential, proof
from timetable_sync.entra.token_response import NotEntra, TokenResponse, ask, issued_token, not_entra, retry_after, token_form, token_url
from timetable_sync.errors import CredentialsRefused, TransientError
from timetable_sync.network.adapter import session_by

log = structlog.stdlib.get_logger(__name__)

#: Entra ID forgives five minutes. https://learn.microsoft.com/entra/identity-platform/reference-error-codes (AADSTS700024)
FORGIVEN = timedelta(minutes=5)

#: The header tells whole seconds, and the answer was some time on its way.
_EXACT = timedelta(seconds=5)

#: From here on it is worth a word.
_WORTH_A_WORD = timedelta(minutes=1)


def skew_in_words(skew: timedelta | None) -> str:
    """ "agrees with the server's", or how far it is off; ``skew`` is how far ours is ahead, None where the server did not say."""
    if skew is None:
        return "not known: the server did not say what time it is"
    if abs(skew) < _EXACT:
        return "agrees with the server's"
    seconds = round(abs(skew.total_seconds()))
    amount = f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
    return f"{amount} {'ahead of' if skew > timedelta(0) else 'behind'} the server's"


def skew_remark(skew: timedelta | None) -> Remark | None:
    """What is to be said of it; None where it is nothing."""
    if skew is None or abs(skew) < _WORTH_A_WORD:
        return None
    beyond = "; Entra ID forgives 5 minutes" if abs(skew) < FORGIVEN else ", more than the 5 minutes that Entra ID forgives"
    return Remark(f"this machine's clock is {skew_in_words(skew)}{beyond}", "Set this machine's clock by NTP.")


#: So long before its end a token is renewed; at half its life where it lives for less than twice that.
AHEAD = timedelta(seconds=300)

#: After a request that failed, the next one waits for at least so long, doubled each time up to the longest (seconds).
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    renew: datetime
    ends: datetime


class _KeyRefused(CredentialsRefused):
    """It is the key that is not accepted: another one may be. By the ``error`` field, as the numbers may change."""


class TokenProvider:
    """Gives bearer tokens to several threads. ``clock`` gives the real time (aware), whatever time a run pretends.

    ``following`` is what to sign in with where ``certificate`` is refused; from then on it takes its place.
    With ``doubts`` an answer that is none of Entra ID's is asked for once more before it is believed: it may be a proxy's.
    Raises UsageError at once for an authority that cannot be used.
    """

    def __init__(
        self,
        entra: Entra,
        credential: Credential,
        *,
        following: Certificate | None = None,
        clock: Callable[[], datetime] = _now,
        session: requests.Session | None = None,
        doubts: bool = False,
    ) -> None:
        self._entra = entra
        self._credential = credential
        self._following = following
        self._fallback: Remark | None = None
        self._clock = clock
        self._session = session_by(None) if session is None else session
        self._url = token_url(entra)
        self._lock = threading.Lock()
        self._current: _Token | None = None
        self._refused: CredentialsRefused | None = None
        self._failure: TransientError | None = None
        self._not_before: datetime | None = None
        self._failures = 0
        self._doubts, self._doubted = doubts, False
        self._requests = 0
        self._skew: timedelta | None = None

    def __repr__(self) -> str:
        return f"TokenProvider({self._url})"

    @property
    def requests(self) -> int:
        """How many requests have been sent."""
        return self._requests

    @property
    def ends(self) -> datetime | None:
        """When the present token ends, in UTC; None before the first."""
        with self._lock:
            return None if self._current is None else self._current.ends

    @property
    def certificate(self) -> Certificate | None:
        """The certificate it signs in with, after a fallback the next one; None where it does so with a secret."""
        return self._credential if isinstance(self._credential, Certificate) else None

    @property
    def skew(self) -> timedelta | None:
        """How far this machine's clock was ahead of the server's at the last answer; None before, and where it did not say."""
        return self._skew

    @property
    def fallback(self) -> Remark | None:
        """That and why the current certificate was not accepted and the next one was; None where it was not needed."""
        return self._fallback

    def token(self) -> str:
        """A token that is good for some minutes. Threads that ask meanwhile wait for the one request.

        Raises CredentialsRefused, which lasts, or TransientError (for the whole service, with ``wait``) while the endpoint cannot be
        reached; until then a token that still lives is given though it could not be renewed.
        """
        with self._lock:
            now = self._clock()
            if self._current is not None and now < self._current.renew:
                return self._current.text
            if self._refused is not None:
                raise CredentialsRefused(self._refused.message, self._refused.advice)
            try:
                return self._renewed(now)
            except TransientError:
                if self._current is not None and now < self._current.ends:
                    return self._current.text
                raise

    def invalidate(self, refused: str) -> None:
        """The service refused this token: the next :meth:`token` is another one, unless it has been renewed meanwhile."""
        with self._lock:
            if self._current is not None and self._current.text == refused:
                self._current = None

    def describe(self) -> TokenFacts | None:
        """What the present token says of itself, never the token; None before the first."""
        with self._lock:
            current = self._current
        return None if current is None else facts_of(current.text, current.ends)

    def warning(self) -> Remark | None:
        """What is odd about the present token; None where nothing is, and before the first."""
        facts = self.describe()
        return None if facts is None else warning(facts)

    def _renewed(self, now: datetime) -> str:
        if self._failure is not None and self._not_before is not None and now < self._not_before:
            wait = (self._not_before - now).total_seconds()
            raise TransientError(self._failure.message, self._failure.advice, wait=wait, scope="service")
        try:
            self._current = self._believed(now)
        except CredentialsRefused as error:
            self._refused = error
            raise
        except TransientError as error:
            pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
            self._failures = min(self._failures + 1, 10)
            error.wait = pause if error.wait is None else max(error.wait, 1.0)
            self._failure, self._not_before = error, self._clock() + timedelta(seconds=error.wait)
            raise
        self._failure, self._not_before, self._failures, self._doubted = None, None, 0, False
        return self._current.text

    def _believed(self, now: datetime) -> _Token:
        try:
            return self._fetched(now)
        except NotEntra as error:
            if not self._doubts or self._doubted:
                raise
            self._doubted = True
            raise TransientError(error.message, error.advice, scope="service") from None

    def _fetched(self, now: datetime) -> _Token:
        try:
            return self._signed_in(self._credential, now)
        except _KeyRefused as refused:
            following, first = self._following, refused
        if following is None:
            raise CredentialsRefused(first.message, first.advice)
        try:
            token = self._signed_in(following, now)
        except _KeyRefused as refused:
            raise CredentialsRefused(f"{first.message}; and the next certificate is no better: {refused.message}", first.advice) from None
        log.warning("current certificate refused, signed in with the next one", reason=first.message)
        self._fallback = Remark(
            f"{first.message}; the next certificate, {following.thumbprint}, was used instead",
            "If that is meant, make it the current one: put what [entra.next] names into [entra], and take [entra.next] out.",
        )
        self._credential, self._following = following, None
        return token

    def _signed_in(self, credential: Credential, now: datetime) -> _Token:
        entra = self._entra
        try:
            proven = proof(entra, credential, self._url, now)
        except CredentialsRefused as error:
            raise _KeyRefused(error.message, error.advice) from None
        self._requests += 1
        answer = ask(
            self._session,
            self._url,
            token_form(entra, proven),
            timeout=entra.timeout.total_seconds(),
            ca_bundle=None if entra.ca_bundle is None else str(entra.ca_bundle),
        )
        self._skew = None if answer.date is None else self._clock() - answer.date
        if answer.status == 200:
            text, lasts = issued_token(answer)
            # From before it was asked for: so it ends a little early for us, never late.
            return _Token(text, now + lasts - min(AHEAD, lasts / 2), now + lasts)
        raise self._judged(answer, credential)

    def _judged(self, answer: TokenResponse, credential: Credential) -> CredentialsRefused | TransientError:
        if answer.status >= 500 or answer.status == 429 or answer.body.get("error") in PASSING:
            return TransientError(
                f"Entra ID cannot give a token just now (HTTP {answer.status} from {self._url})",
                "It goes away by itself; see the Azure status page if it lasts.",
                wait=retry_after(answer, self._clock()),
                scope="service",
            )
        if not answer.is_json or not isinstance(answer.body.get("error"), str):
            return not_entra(answer)
        thumbprint = credential.thumbprint if isinstance(credential, Certificate) else ""
        circumstances = Circumstances(
            self._entra.tenant, self._entra.client, self._entra.authority, self._entra.scope, thumbprint, self._skew
        )
        refused = refusal(answer.body, answer.status, circumstances)
        return _KeyRefused(refused.message, refused.advice) if answer.body["error"] == "invalid_client" else refused
