"""Which certificate a command is about: the one that is named, or the configured one. Opens files, connects to nothing."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from timetable_sync import logs
from timetable_sync.cli.options import prepared
from timetable_sync.entra.certificate import read_certificate, read_next_certificate
from timetable_sync.entra.certificate_facts import CertificateFacts
from timetable_sync.entra.certificate_given import read_given
from timetable_sync.settings.secret import SecretRef

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
