"""``timetable-sync certificate manifest`` and ``check``: a certificate and an app registration's manifest. Thin: ``entra`` does it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from timetable_sync.cli.certificate import Chosen, Given, PassphraseFile, chosen
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, tell_json
from timetable_sync.cli.output import tell_text
from timetable_sync.cli.tables import tell_lines
from timetable_sync.entra.certificate_facts import hexadecimal
from timetable_sync.entra.manifest import ManifestForm, Registered, entry_of, moment_text
from timetable_sync.entra.manifest_file import read_manifest_text, replace_manifest
from timetable_sync.entra.manifest_text import ManifestCheck, check_manifest, read_manifest, with_certificate
from timetable_sync.errors import CredentialsRefused
from timetable_sync.reports.formatting import counted

#: Grows when a key is added to the JSON.
SCHEMA = 1


def manifest(
    cert: Given = None,
    format: Annotated[
        ManifestForm | None,
        typer.Option(
            "--format",
            help="Whose words: the portal's, or Microsoft Graph's. By default the file's, else the portal's.",
            show_default=False,
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into", metavar="FILE", help="Put it into this downloaded manifest; the old file is kept beside.", show_default=False
        ),
    ] = None,
    passphrase_file: PassphraseFile = None,
    config: Configuration = None,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """What an app registration's manifest has to say of a certificate: its entry in keyCredentials.

    Example: timetable-sync certificate manifest --into manifest.json
    """
    one = chosen(cert, config, passphrase_file, verbose, quiet=quiet)
    if into is None:
        tell_text(json.dumps(entry_of(one.facts, format or ManifestForm.PORTAL), indent=2, ensure_ascii=False) + "\n")
        return
    before = read_manifest(read_manifest_text(into), str(into), format)
    after = with_certificate(before, one.facts)
    if after == before.text:
        tell_lines(f"{into} has this certificate already, and nothing in it was changed.")
        return
    # Read again before it is written: what goes to the portal must be a manifest.
    read = read_manifest(after, str(into), format)
    entry, was = read.find(one.facts), before.find(one.facts)
    kept = replace_manifest(into, after)
    others = len(read.entries) - 1
    tell_lines(
        f"{into}: the certificate {hexadecimal(one.facts.sha1)} {'stands' if was is None else 'was put right'} in it now",
        f"  keyId        {'' if entry is None else entry.key_id}",
        f"  other keys   {others if others else 'none'}{', untouched' if others else ''}",
        f"  as it was    {kept}",
        "Upload it: App registrations > Manifest.",
    )


def check(
    cert: Given = None,
    manifest: Annotated[
        Path, typer.Option("--manifest", metavar="FILE", help="The manifest, downloaded: App registrations > Manifest.", show_default=False)
    ] = ...,  # type: ignore[assignment]  # Typer's way to say that it must be given
    passphrase_file: PassphraseFile = None,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Whether a manifest has the certificate, its dates match, and which of its keys have expired. Exit code 3 if it would be refused.

    Example: timetable-sync certificate check --manifest manifest.json
    """
    one = chosen(cert, config, passphrase_file, verbose, quiet=quiet)
    now = datetime.now(UTC)
    found = check_manifest(read_manifest(read_manifest_text(manifest), str(manifest)), one.facts, now)
    if format is Form.JSON:
        tell_json(SCHEMA, _json(found, one))
    else:
        tell_lines(*_lines(found, manifest))
    if not found.good:
        raise _refusal(found, one, manifest)


def _lines(found: ManifestCheck, manifest: Path) -> list[str]:
    lines = []
    if found.found is not None:
        lines.append(f"{manifest} has this certificate, under keyId {found.found.key_id}")
        lines += [f"  wrong: {what}" for what in found.wrong]
        if found.good and found.found.der is None:
            lines.append("  by its thumbprint; the manifest does not tell the certificate itself, as is usual for a downloaded one")
    lines.append(f"{counted(found.living, 'key')} of it {'is' if found.living == 1 else 'are'} in force, {len(found.expired)} expired")
    lines += [f"  expired: {_named(entry)}" for entry in found.expired]
    return lines


def _named(entry: Registered) -> str:
    ended = "" if entry.ends is None else f"on {entry.ends:%d %b %Y}"
    thumbprint = "" if entry.thumbprint is None else f", thumbprint {hexadecimal(entry.thumbprint)}"
    return f"{entry.key_id} {ended}{thumbprint}{f', {entry.name}' if entry.name else ''}"


def _refusal(found: ManifestCheck, one: Chosen, manifest: Path) -> CredentialsRefused:
    if found.found is None:
        return CredentialsRefused(
            f"{manifest} does not have the certificate {one.file} (thumbprint {hexadecimal(one.facts.sha1)})",
            f"Put it in: timetable-sync certificate manifest --into {manifest}    and upload that, or upload its .cer file.",
        )
    return CredentialsRefused(
        f"the entry of {one.file} in {manifest} is not as it must be: {found.wrong[0]}",
        f"Put it right: timetable-sync certificate manifest --into {manifest}",
    )


def _json(found: ManifestCheck, one: Chosen) -> dict[str, object]:
    return {
        "good": found.good,
        "file": one.file,
        "thumbprint": hexadecimal(one.facts.sha1),
        "key_id": None if found.found is None else found.found.key_id,
        "wrong": list(found.wrong),
        "in_force": found.living,
        "expired": [
            {
                "key_id": entry.key_id,
                "name": entry.name or None,
                "ended": None if entry.ends is None else moment_text(entry.ends),
                "thumbprint": None if entry.thumbprint is None else hexadecimal(entry.thumbprint),
            }
            for entry in found.expired
        ],
    }
