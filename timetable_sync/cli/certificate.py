"""``timetable-sync certificate``: creates a certificate, shows one, and says what to do with it.

``entra`` does the work. ``certificate_manifest`` and ``certificate_rotate`` hold the further commands; which certificate a command is
about, the one that is named or the configured one, is found here.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from timetable_sync import logs
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, prepared, tell_json
from timetable_sync.cli.output import complain
from timetable_sync.cli.tables import tell_heading, tell_lines
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.toml_values import toml_value
from timetable_sync.entra.certificate import read_certificate, read_next_certificate
from timetable_sync.entra.certificate_facts import CertificateFacts, base64_of, facts_of, hexadecimal
from timetable_sync.entra.certificate_file import read_given
from timetable_sync.entra.certificate_making import USUAL_LIFE, CertificateFiles, make_certificate, refuse_unless_free, write_certificate
from timetable_sync.entra.manifest import moment_text
from timetable_sync.entra.manifest_file import read_manifest_text
from timetable_sync.entra.manifest_text import ManifestText, read_manifest
from timetable_sync.errors import UsageError
from timetable_sync.reports.formatting import counted


def written_lines(folder: Path, facts: CertificateFacts) -> list[str]:
    """What the files in ``folder`` are for."""
    files = CertificateFiles(folder)
    width = len(str(files.key))
    return [
        f"  {files.key!s:<{width}}  the private key: it never leaves this machine",
        f"  {files.certificate!s:<{width}}  the certificate",
        f"  {files.upload!s:<{width}}  the same, to upload: App registrations > Certificates & secrets > Upload certificate",
        f"  {'thumbprint':<{width}}  {hexadecimal(facts.sha1)}",
    ]


def entra_lines(table: str, folder: Path, passphrase: SecretRef | None = None) -> list[str]:
    """The part of the configuration that names them."""
    files = CertificateFiles(folder)
    lines = [
        f"  [{table}]",
        f"  certificate = {toml_value({'file': str(files.certificate)})}",
        f"  key         = {toml_value({'file': str(files.key)})}",
    ]
    return lines + ([] if passphrase is None else [f"  passphrase  = {passphrase}"])


Given = Annotated[
    Path | None,
    typer.Argument(metavar="[CERT]", help="A certificate's file: PEM, DER or PKCS#12. By default the configured one.", show_default=False),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Holds the passphrase of CERT, if it needs one.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A certificate, where it lies, and what it is to the configuration: "current", "next", or nothing."""

    facts: CertificateFacts
    file: str
    part: str = ""


def passphrase_of(file: Path | None) -> bytes | None:
    """What the file holds, without the line end. Raises UsageError, also where others can read it."""
    return None if file is None else SecretRef(file=file).read_text("--passphrase-file").encode()


def chosen(given: Path | None, config: Path | None, passphrase_file: Path | None, verbose: int, *, quiet: bool) -> Chosen:
    """The one certificate. Raises as reading it does, and ConfigurationError where none is named and none configured."""
    return all_chosen(given, config, passphrase_file, verbose, quiet=quiet)[0]


def all_chosen(given: Path | None, config: Path | None, passphrase_file: Path | None, verbose: int, *, quiet: bool) -> list[Chosen]:
    """The same, and the next one too where the configuration names one."""
    if given is not None:
        logs.configure(logs.QUIET if quiet else verbose)
        return [Chosen(read_given(given, passphrase_of(passphrase_file)), str(given))]
    entra = prepared(config, verbose, quiet=quiet).settings.application
    current = read_certificate(entra, environ=os.environ)
    found = [Chosen(current.facts, current.file, "current")]
    if entra.next is not None:
        following = read_next_certificate(entra.next, environ=os.environ)
        found.append(Chosen(following.facts, following.file, "next"))
    return found


#: Grows when a key is added to the JSON.
SCHEMA = 1


def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make for it; nothing may stand there yet.")] = Path("certificate"),
    bits: Annotated[int, typer.Option("--bits", metavar="N", help="Size of the RSA key: 2048, 3072 or 4096.")] = 2048,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long it is valid; many tenants allow a year.")] = 365,
    subject: Annotated[
        str, typer.Option("--subject", metavar="NAME", help='Whom it names, as in "timetable-sync" or "CN=timetable-sync,O=Example".')
    ] = "timetable-sync",
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", metavar="FILE", help="Encrypt the key with the passphrase in this file.", show_default=False),
    ] = None,
    ask_passphrase: Annotated[bool, typer.Option("--ask-passphrase", help="Encrypt the key with a passphrase that is asked for.")] = False,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Make a key and its certificate, in a folder of their own. Nothing is overwritten.

    Example: timetable-sync certificate new --days 365 /etc/timetable-sync/certificate
    """
    logs.configure(logs.QUIET if quiet else verbose)
    if passphrase_file is not None and ask_passphrase:
        raise UsageError("--passphrase-file and --ask-passphrase do not go together", "Give one of them.")
    refuse_unless_free(folder)  # before a passphrase is asked for
    passphrase = passphrase_of(passphrase_file)
    if ask_passphrase:
        passphrase = str(typer.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=True, err=True)).encode()
    made = make_certificate(subject=subject, bits=bits, days=days, now=datetime.now(UTC), passphrase=passphrase)
    files = write_certificate(folder, made)
    if days > USUAL_LIFE.days:
        complain(f"warning: many tenants refuse a certificate that is valid for more than {USUAL_LIFE.days} days; this one is for {days}")
    facts = facts_of(made.der)
    if format is Form.JSON:
        places = {"certificate_file": files.certificate, "key_file": files.key, "upload_file": files.upload}
        tell_json(SCHEMA, {**as_json(Chosen(facts, str(files.certificate))), **{name: str(path) for name, path in places.items()}})
        return
    tell_heading(f"Made {folder}{'/' if folder.name else ''}, valid until {facts.not_after:%d %b %Y}")
    tell_lines(*written_lines(folder, facts), "", "In the configuration:", *entra_lines("entra", folder, _file(passphrase_file)))


def show(
    cert: Given = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE", help="A downloaded manifest, to look its keyId up.", show_default=False)
    ] = None,
    passphrase_file: PassphraseFile = None,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Whom it names, how long it is valid, and its thumbprints, as the portal and the manifest write them.

    Example: timetable-sync certificate show --manifest manifest.json
    """
    found = all_chosen(cert, config, passphrase_file, verbose, quiet=quiet)
    registered = None if manifest is None else read_manifest(read_manifest_text(manifest), str(manifest))
    if format is Form.JSON:
        tell_json(SCHEMA, {"certificates": [as_json(one, registered, with_manifest=manifest is not None) for one in found]})
        return
    for number, one in enumerate(found):
        if number:
            tell_lines("")
        tell_heading(one.file + (f"   ({one.part})" if one.part else ""))
        tell_lines(*(f"  {label:<11}{value}" for label, value in _shown(one.facts)))
        if registered is not None:
            entry = registered.find(one.facts)
            tell_lines(f"  {'keyId':<11}{f'not in {manifest}' if entry is None else f'{entry.key_id} in {manifest}'}")


def _file(path: Path | None) -> SecretRef | None:
    return None if path is None else SecretRef(file=path)


def _shown(facts: CertificateFacts) -> list[tuple[str, str]]:
    left = facts.days_left(datetime.now(UTC))
    life = f"{counted(left, 'day')} left" if left >= 0 else f"expired {counted(-left, 'day')} ago"
    return [
        ("subject", facts.subject),
        ("issuer", "itself" if facts.self_signed else facts.issuer),
        ("key", f"RSA, {facts.bits} bits" if facts.bits else "not RSA: Entra ID takes no other"),
        ("valid", f"{facts.not_before:%d %b %Y %H:%M:%S} - {facts.not_after:%d %b %Y %H:%M:%S} UTC, {life}"),
        ("SHA-1", hexadecimal(facts.sha1)),
        ("", base64_of(facts.sha1)),
        ("SHA-256", hexadecimal(facts.sha256)),
        ("", base64_of(facts.sha256)),
    ]


def as_json(one: Chosen, registered: ManifestText | None = None, *, with_manifest: bool = False) -> dict[str, Any]:
    """One certificate's facts; times in UTC, to the second."""
    facts = one.facts
    told: dict[str, Any] = {
        "file": one.file,
        "part": one.part or None,
        "subject": facts.subject,
        "issuer": facts.issuer,
        "self_signed": facts.self_signed,
        "bits": facts.bits or None,
        "not_before": moment_text(facts.not_before),
        "not_after": moment_text(facts.not_after),
        "days_left": facts.days_left(datetime.now(UTC)),
        "sha1": {"hex": hexadecimal(facts.sha1), "base64": base64_of(facts.sha1)},
        "sha256": {"hex": hexadecimal(facts.sha256), "base64": base64_of(facts.sha256)},
    }
    if with_manifest:
        entry = None if registered is None else registered.find(facts)
        told["key_id"] = None if entry is None else entry.key_id
    return told
