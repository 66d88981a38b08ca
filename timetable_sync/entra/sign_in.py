"""How a run signs in, as the configuration has it: with tokens for a certificate or a secret, or not here at all. Asks for nothing yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import requests

from timetable_sync.config.schema import Settings
from timetable_sync.entra.credential import read_secret
from timetable_sync.entra.rotation import Certificates, load_certificates
from timetable_sync.entra.token import TokenProvider
from timetable_sync.network.adapter import session_by
from timetable_sync.network.proxy import proxy_address


@dataclass(frozen=True, slots=True)
class SignIn:
    """``tokens`` is None where a service account signs in to Exchange itself, ``certificates`` where none is used.

    ``expiry_warning`` is from how long before a certificate's end it is to be spoken of.
    """

    tokens: TokenProvider | None = None
    certificates: Certificates | None = None
    expiry_warning: timedelta = timedelta(0)


def sign_in(settings: Settings, *, environ: Mapping[str, str] | None = None, doubts: bool = False) -> SignIn:
    """What a run signs in with; ``doubts`` as in TokenProvider, for those whom nobody watches.

    Raises CredentialsRefused for a certificate that is of no use, UsageError for a reference that leads nowhere.
    """
    if settings.ews.sign_in != "entra":
        return SignIn()
    return application_sign_in(settings, environ=environ, doubts=doubts)


def entra_session(settings: Settings, *, environ: Mapping[str, str] | None = None) -> requests.Session:
    """The way to Entra ID and to Graph: by the configured proxy and CA bundle. Raises UsageError for the proxy's password."""
    return session_by(proxy_address(settings.network, environ), settings.application.ca_bundle)


def application_sign_in(settings: Settings, *, environ: Mapping[str, str] | None = None, doubts: bool = False) -> SignIn:
    """What the configured application signs in with, whoever signs in to Exchange. Raises as :func:`sign_in` does."""
    entra, session = settings.application, entra_session(settings, environ=environ)
    if entra.secret is not None:
        return SignIn(TokenProvider(entra, read_secret(entra, environ=environ), session=session, doubts=doubts))
    certificates = load_certificates(entra, environ=environ)
    tokens = TokenProvider(entra, certificates.current, following=certificates.following, session=session, doubts=doubts)
    return SignIn(tokens, certificates, entra.expiry_warning)
