"""``timetable-sync token``: a token as the nightly run gets it, and what it says. Thin: ``entra`` does it."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, prepared, tell_json
from timetable_sync.cli.output import complain, tell_text
from timetable_sync.cli.tables import tell_heading, tell_lines
from timetable_sync.config.schema import Settings
from timetable_sync.entra.certificate import Certificate
from timetable_sync.entra.claims import Remark, TokenFacts
from timetable_sync.entra.clouds import wrong_cloud
from timetable_sync.entra.sign_in import application_sign_in
from timetable_sync.entra.token import skew_in_words, skew_remark
from timetable_sync.entra.token_response import token_url
from timetable_sync.errors import CredentialsRefused
from timetable_sync.reports.formatting import counted

#: Grows when a key is added to the JSON.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class _Gained:
    text: str
    facts: TokenFacts
    certificate: Certificate | None
    skew: timedelta | None
    remarks: tuple[Remark, ...]


def token(
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the token itself, and nothing else. Who has it can use it: keep it off logs.")
    ] = False,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Get a token from Entra ID as the nightly run does, and show what it says. No calendar is touched.

    A refusal is explained: what its code means, what to check first, and where.

    Example: timetable-sync token --format json

    Exit codes: 0 a token was given, 1 nothing can be reached just now, 2 usage or configuration, 3 credentials refused.
    """
    settings = prepared(config, verbose, quiet=quiet).settings
    gained = _gained(settings)
    if format is Form.JSON:
        tell_json(SCHEMA, _as_json(settings, gained) | ({"token": gained.text} if raw else {}))
        return
    if raw:
        tell_text(gained.text + "\n")
    else:
        tell_heading("Entra ID gave a token")
        tell_lines(*(f"  {label:<13}{value}" for label, value in _lines(settings, gained)))
    for remark in gained.remarks:
        complain(f"warning: {remark.message}", remark.advice)


def _gained(settings: Settings) -> _Gained:
    mixed = wrong_cloud(settings)
    signing = application_sign_in(settings, environ=os.environ)
    tokens = signing.tokens
    if tokens is None:  # an application signs in with nothing else
        raise CredentialsRefused("there is no token to be had for this sign-in", "Add [entra] to the configuration.")
    try:
        text = tokens.token()
    except CredentialsRefused as refused:
        if mixed is None:
            raise
        raise CredentialsRefused(f"{refused.message}; {mixed.message}", mixed.advice) from None
    facts = tokens.describe()
    if facts is None:
        raise CredentialsRefused("the token vanished before it could be looked at", "Try again.")
    trouble = None if signing.certificates is None else signing.certificates.trouble
    remarks = (tokens.warning(), mixed, skew_remark(tokens.skew), tokens.fallback, trouble)
    return _Gained(text, facts, tokens.certificate, tokens.skew, tuple(remark for remark in remarks if remark is not None))


def _lines(settings: Settings, gained: _Gained) -> list[tuple[str, str]]:
    entra, facts, now = settings.application, gained.facts, datetime.now(UTC)
    minutes = max(round((facts.expires - now).total_seconds() / 60), 0)
    said = [
        ("audience", facts.audience),
        ("tenant", facts.tenant),
        ("application", facts.application),
        ("roles", ", ".join(facts.roles) or "none"),
    ]
    return [
        ("from", token_url(entra)),
        ("signed with", _credential(settings, gained.certificate, now)),
        *(said if facts.readable else [("says", "nothing that could be read: it is no JWT")]),
        ("expires", f"{facts.expires:%d %b %Y %H:%M:%S} UTC, in {counted(minutes, 'minute')}"),
        ("clock", skew_in_words(gained.skew)),
    ]


def _credential(settings: Settings, certificate: Certificate | None, now: datetime) -> str:
    if certificate is None:
        return "a client secret"
    left = counted(certificate.facts.days_left(now), "more day")
    return f"{settings.application.algorithm}, certificate {certificate.thumbprint} ({certificate.file}), good for {left}"


def _as_json(settings: Settings, gained: _Gained) -> dict[str, Any]:
    facts, certificate = gained.facts, gained.certificate
    signed: dict[str, Any] = {"kind": "secret"}
    if certificate is not None:
        signed = {
            "kind": "certificate",
            "algorithm": settings.application.algorithm,
            "thumbprint": certificate.thumbprint,
            "file": certificate.file,
            "not_after": certificate.not_after.isoformat(),
        }
    return {
        "from": token_url(settings.application),
        "signed_with": signed,
        "audience": facts.audience or None,
        "tenant": facts.tenant or None,
        "application": facts.application or None,
        "roles": list(facts.roles),
        "expires": facts.expires.isoformat(),
        "clock_ahead_seconds": None if gained.skew is None else round(gained.skew.total_seconds()),
        "warnings": [{"message": remark.message, "advice": remark.advice} for remark in gained.remarks],
    }
