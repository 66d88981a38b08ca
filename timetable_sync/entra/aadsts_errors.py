"""What Entra ID means when it says no: the number's meaning, and what to do. Explains only; what happens next goes by the ``error`` field.

The numbers may change at any time (https://learn.microsoft.com/entra/identity-platform/reference-error-codes), so a number that is not in
the table, or no number at all, is a refusal like any other.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from timetable_sync.errors import CredentialsRefused
from timetable_sync.redaction import redact

#: ``error`` values of answers that go away by themselves. https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
PASSING = frozenset({"temporarily_unavailable", "server_error", "service_unavailable"})

_SECRETS = "App registrations > Certificates & secrets"
_OVERVIEW = "App registrations > Overview"

# Number: (what it means, what to do). {names} are the fields of Circumstances.
_MEANINGS: dict[int, tuple[str, str]] = {
    700027: (
        "{key_reason}",
        "Compare the thumbprint with those in Entra ID under " + _SECRETS + "; a new one takes some minutes. If it is there: try the other "
        "entra.algorithm.",
    ),
    700024: ("the assertion's times are not valid there: {skew}", "Set this machine's clock by NTP."),
    700016: (
        "no application {client} in tenant {tenant}",
        "Compare entra.client and entra.tenant with " + _OVERVIEW + " (the application id, not the object id).",
    ),
    700011: (
        "the application {client} is not, or no longer, in tenant {tenant}",
        "Look for it under App registrations > All applications and > Deleted applications, and compare entra.tenant.",
    ),
    90002: (
        "there is no tenant {tenant} at {authority}",
        "Compare entra.tenant with " + _OVERVIEW + "; national clouds need their own entra.authority.",
    ),
    90038: (
        "tenant {tenant} belongs to another national cloud than {authority}",
        "Set entra.authority, entra.scope and ews.endpoint to those of that cloud.",
    ),
    900023: ("{tenant} is neither a tenant id nor a domain name", "Compare entra.tenant with " + _OVERVIEW + "."),
    70011: ("the scope {scope} is not valid", 'entra.scope must be one resource followed by "/.default".'),
    1002012: ("the scope {scope} is not valid for an application", 'entra.scope must be one resource followed by "/.default".'),
    500011: (
        "the resource of {scope} is not in tenant {tenant}",
        "Check entra.scope (national clouds have their own), and that the tenant has Exchange Online.",
    ),
    650057: (
        "the application has no permission for the resource of {scope}",
        "Add Office 365 Exchange Online > full_access_as_app under App registrations > API permissions, or mend entra.scope.",
    ),
    7000215: (
        "the client secret is wrong",
        "Put the secret's value where entra.secret says, not its id; the value is shown only once, so make a new one under "
        + _SECRETS
        + ".",
    ),
    7000222: (
        "the client secret has expired",
        "Make a new one under " + _SECRETS + "; better, a certificate: timetable-sync certificate new.",
    ),
    7000218: (
        "the request holds neither assertion nor secret as it arrived",
        "Look for a proxy that drops form fields; compare entra.version and entra.authority.",
    ),
    700025: (
        "the application is registered as a public client, which may sign in with neither certificate nor secret",
        "Turn off App registrations > Authentication > Allow public client flows.",
    ),
    700023: ("the assertion is meant for another address than {authority}", "Compare entra.authority and entra.version with the guide."),
    50027: ("the assertion cannot be read there", "Try the other entra.algorithm."),
    1000502: ("the certificate is outside its dates, as seen from there", "Check this machine's clock and the certificate's dates."),
    7000214: ("the certificate has been revoked", "Register a new one under " + _SECRETS + "."),
    7000277: ("the certificate has been revoked", "Register a new one under " + _SECRETS + "."),
    7000112: ("the application {client} is disabled", "Enable it under Enterprise applications > Properties."),
    7000229: (
        "the application {client} has no service principal in tenant {tenant}",
        "Grant admin consent under App registrations > API permissions.",
    ),
    53003: ("a Conditional Access policy blocks the sign-in", "Let this machine's address through for this workload identity."),
}

# Where no number is known: by the ``error`` field. https://www.rfc-editor.org/rfc/rfc6749#section-5.2
_BY_ERROR: dict[str, tuple[str, str]] = {
    "invalid_client": (
        "it does not accept the {proof} for this application",
        "Compare entra.client and entra.certificate (or entra.secret) with " + _SECRETS + ".",
    ),
    "unauthorized_client": (
        "the application may not ask for tokens there",
        "Compare entra.client and entra.tenant with " + _OVERVIEW + ".",
    ),
    "invalid_scope": ("the scope {scope} is not valid", 'entra.scope must be one resource followed by "/.default".'),
    "invalid_resource": ("the resource of {scope} is not known there", "Check entra.scope; national clouds have their own."),
    "invalid_request": ("it does not understand the request", "Compare entra.authority, entra.tenant and entra.version with the guide."),
}

_CODE = re.compile(r"AADSTS(\d+)")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the sentences are filled with. ``thumbprint`` is empty where a client secret was shown.

    ``skew`` is how far this machine's clock is ahead of the server's, None where it did not say.
    """

    tenant: str
    client: str
    authority: str
    scope: str
    thumbprint: str
    skew: timedelta | None = None


def refusal(answer: dict[str, Any], status: int, circumstances: Circumstances) -> CredentialsRefused:
    """The one line, and what to do, for an answer that refuses."""
    error = answer.get("error")
    error = error if isinstance(error, str) else ""
    said = _said(answer)
    code = _code(answer, said)
    meaning, advice = (
        _MEANINGS.get(code) or _BY_ERROR.get(error) or (said or f"HTTP {status}", "Look the number up in Entra ID's sign-in logs.")
    )
    proof = "certificate" if circumstances.thumbprint else "client secret"
    values = {
        "proof": proof,
        "tenant": circumstances.tenant,
        "client": circumstances.client,
        "authority": circumstances.authority,
        "scope": circumstances.scope,
        "skew": _skew(circumstances.skew),
        "key_reason": _key_reason(said, circumstances.thumbprint),
    }
    # A server's own words are no template: only the table's sentences are filled in.
    meaning = meaning if meaning == said else meaning.format_map(values)
    number = f"AADSTS{code}" if code else (error or f"HTTP {status}")
    return CredentialsRefused(f"Entra ID refused the {proof} sign-in ({number}): {meaning}", advice)


def explained(code: int) -> bool:
    """Whether the number stands in the table."""
    return code in _MEANINGS


def _code(answer: dict[str, Any], said: str) -> int:
    codes = answer.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int) and not isinstance(codes[0], bool):
        return codes[0]
    found = _CODE.search(said)
    return int(found[1]) if found else 0


def _said(answer: dict[str, Any]) -> str:
    """The server's first line, without anything that looks like a token or an assertion."""
    text = answer.get("error_description")
    if not isinstance(text, str) or not text.strip():
        return ""
    line = text.strip().splitlines()[0]
    return redact("".join(character if character.isprintable() else " " for character in line))[:300].strip()


def _key_reason(said: str, thumbprint: str) -> str:
    """700027 is said for several reasons, which only its text tells apart."""
    if "expired" in said.lower():
        return f"the key with thumbprint {thumbprint} has expired, as seen from there"
    if "not found" in said.lower() or not said:
        return f"no key with thumbprint {thumbprint} is registered for this application"
    return f"no key with thumbprint {thumbprint} is registered for this application, or the signature is not its own"


def _skew(skew: timedelta | None) -> str:
    if skew is None:
        return "this machine's clock may be wrong"
    seconds = round(abs(skew.total_seconds()))
    if seconds < 30:
        return "yet this machine's clock agrees with the server's"
    amount = f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
    return f"this machine's clock is {amount} {'ahead of' if skew > timedelta(0) else 'behind'} the server's"
