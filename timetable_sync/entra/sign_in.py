"""How a run signs in, as the configuration has it: with tokens for a certificate or a secret, or not here at all. Asks for nothing yet."""

from collections.abc import Mapping

from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.credential import read_secret
from timetable_sync.entra.token import TokenProvider
from timetable_sync.network.adapter import session_by
from timetable_sync.network.proxy import proxy_address
from timetable_sync.settings.schema import Settings


def token_provider(settings: Settings, *, environ: Mapping[str, str] | None = None) -> TokenProvider | None:
    """The provider of a run's tokens; None where a service account signs in to Exchange itself.

    Raises CredentialsRefused for a certificate that is of no use, UsageError for a reference that leads nowhere.
    """
    if settings.ews.sign_in != "entra":
        return None
    return application_tokens(settings, environ=environ)


def application_tokens(settings: Settings, *, environ: Mapping[str, str] | None = None) -> TokenProvider:
    """The provider of the configured application's tokens, whoever signs in to Exchange. Raises as :func:`token_provider` does."""
    entra = settings.application
    session = session_by(proxy_address(settings.network, environ), entra.ca_bundle)
    if entra.secret is not None:
        return TokenProvider(entra, read_secret(entra, environ=environ), session=session)
    return TokenProvider(entra, load_certificate(entra, environ=environ), session=session)
