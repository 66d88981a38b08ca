"""``timetable-sync certificate roll``: from the certificate that ends to the one that follows, a step at a time. Thin: ``entra`` does it.

Each call finds out where the rollover stands, does the next step, and says what comes after it. No step leaves a moment in which a night
could not sign in.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from timetable_sync.cli.certificate import entra_lines, written_lines
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, prepared, tell_json
from timetable_sync.cli.tables import tell_lines
from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import Settings
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.entra import Entra, NextCertificate
from timetable_sync.config.toml_values import toml_value
from timetable_sync.entra.app_registration import object_id_given
from timetable_sync.entra.certificate import Certificate, read_certificate, read_next_certificate
from timetable_sync.entra.certificate_facts import hexadecimal
from timetable_sync.entra.certificate_making import SIZES, CertificateFiles, make_certificate, write_certificate
from timetable_sync.entra.rotation import accepts, register, retire, signer
from timetable_sync.entra.sign_in import entra_session
from timetable_sync.errors import CredentialsRefused, TimetableSyncError, UsageError
from timetable_sync.reports.formatting import counted

#: Grows when a key is added to the JSON.
SCHEMA = 1


@dataclass(slots=True)
class _Story:
    """What was done and what comes next, gathered for both forms of output."""

    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, *lines: str, **facts: object) -> None:
        self.lines += lines
        self.facts |= facts


def roll(
    graph: Annotated[
        bool, typer.Option("--graph", help="Register the next certificate by Microsoft Graph, signed for with this one.")
    ] = False,
    retire_key: Annotated[
        str,
        typer.Option(
            "--retire",
            metavar="KEY",
            help='Take an old key out by Microsoft Graph: a certificate\'s file, a thumbprint, a keyId, or "expired" for all of those.',
            show_default=False,
        ),
    ] = "",
    object_id: Annotated[
        str,
        typer.Option(
            "--object-id", metavar="ID", help="With --graph: the application's object id, where it may not be read.", show_default=False
        ),
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where to make it; by default certificate-DATE beside the configuration.", show_default=False),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long the next one is to be valid.")] = 365,
    early: Annotated[bool, typer.Option("--early", help="Make a next one though the present one is good for long.")] = False,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Change the certificate without a missed night: make the next one, register it, make it the current one, retire the old one.

    Type it again after each step: it finds out where the change stands, and says what comes next.

    Example: timetable-sync certificate roll --graph
    """
    if object_id and not graph:
        raise UsageError("--object-id goes with --graph only", "Leave it away, or add --graph.")
    object_id = object_id_given(object_id) if object_id else ""
    loaded = prepared(config, verbose, quiet=quiet)
    story = _Story()
    trouble: TimetableSyncError | None = None
    if retire_key:
        _retire(loaded.settings, retire_key, story)
    else:
        trouble = _forward(loaded, folder, days, story, early=early, graph=graph, object_id=object_id)
    if format is Form.JSON:
        tell_json(SCHEMA, story.facts)
    else:
        tell_lines(*story.lines)
    if trouble is not None:
        raise trouble


def _forward(
    loaded: Loaded, folder: Path | None, days: int, story: _Story, *, early: bool, graph: bool, object_id: str
) -> TimetableSyncError | None:
    """The next step. Gives what ended it after something was done that has to be told."""
    entra, now = loaded.settings.application, datetime.now(UTC)
    current = read_certificate(entra, environ=os.environ)
    left = current.not_after - now
    story.say(
        f"current  {current.thumbprint}, until {current.not_after:%d %b %Y}",
        current={"thumbprint": current.thumbprint, "days_left": left.days},
    )
    configured = entra.next is not None
    if entra.next is not None:
        following = read_next_certificate(entra.next, environ=os.environ)
    elif left <= entra.expiry_warning or early:
        following = _made(loaded, current, folder, days, story, now)
    else:
        raise UsageError(
            f"the certificate is good for {counted(left.days, 'more day')}: there is nothing to change yet",
            "With --early, the next one is made all the same. To take old keys out: --retire expired.",
        )
    if following.sha256 == current.sha256:
        raise UsageError("entra.next names the current certificate", "The change is done: take [entra.next] out of the configuration.")
    story.say(
        f"next     {following.thumbprint}, until {following.not_after:%d %b %Y}",
        next={"thumbprint": following.thumbprint, "file": following.file},
    )
    try:
        session = entra_session(loaded.settings, environ=os.environ)
        if graph:
            by = signer(entra, current, following, session=session)
            added = register(by, following, object_id=object_id)
            story.say("Graph    the next one is registered" + ("" if added else ", and was before"), registered=True, added=added)
        refused = accepts(entra, following, session=session) if configured or graph else None
    except TimetableSyncError as error:
        story.say(*_upload(following, loaded, configured=configured))
        return error
    if not configured:
        story.say(*([] if graph else _upload(following, loaded, configured=False)), *_then_configure(following, entra), step="configure")
    elif refused is None:
        story.say(*_then_switch(entra, current), step="switch", accepted=True)
    else:
        story.say(*_upload(following, loaded, configured=True), step="register", accepted=False)
        return refused
    return None


def _made(loaded: Loaded, current: Certificate, folder: Path | None, days: int, story: _Story, now: datetime) -> Certificate:
    """The next certificate: like the current one, in a folder of its own. One that was made today is taken up again."""
    entra = loaded.settings.application
    place = (loaded.base / f"certificate-{now:%Y-%m-%d}") if folder is None else folder.absolute()
    files = CertificateFiles(place)
    named = NextCertificate(certificate=SecretRef(file=files.certificate), key=SecretRef(file=files.key), passphrase=entra.passphrase)
    if not (folder is None and files.certificate.exists()):
        passphrase = None if entra.passphrase is None else entra.passphrase.read_text("entra.passphrase", os.environ).encode()
        bits = current.facts.bits if current.facts.bits in SIZES else SIZES[0]
        made = make_certificate(subject=current.subject, bits=bits, days=days, now=now, passphrase=passphrase)
        write_certificate(place, made)
    following = read_next_certificate(named, environ=os.environ)
    story.say(f"made     {place}", *written_lines(place, following.facts), made=str(place))
    return following


def _upload(following: Certificate, loaded: Loaded, *, configured: bool) -> list[str]:
    upload = CertificateFiles(Path(following.file).parent).upload
    what = str(upload) if upload.exists() else f"the certificate {following.file}"
    return [
        "",
        f"Register it beside the current one, for the application {loaded.settings.application.client}:",
        "App registrations > Certificates & secrets > Upload certificate:",
        f"  {what}",
        f"or in a downloaded manifest: timetable-sync certificate manifest {following.file} --into manifest.json",
        *(["Then type this again: it asks Entra ID whether it accepts the next one (that may take some minutes)."] if configured else []),
    ]


def _then_configure(following: Certificate, entra: Entra) -> list[str]:
    return [
        "",
        "Add it to the configuration, beside the current one. Nights go on with the current one, and use this one where that is refused:",
        *entra_lines("entra.next", Path(following.file).parent, entra.passphrase),
        "Then type again: timetable-sync certificate roll",
    ]


def _then_switch(entra: Entra, current: Certificate) -> list[str]:
    following = entra.next
    lines = ["", "Entra ID accepts the next one. Make it the current one in the configuration, and take [entra.next] out:", "  [entra]"]
    if following is not None:
        for name, reference in (("certificate", following.certificate), ("key", following.key), ("passphrase", following.passphrase)):
            if reference is not None:
                lines.append(f"  {name:<11} = {_written(reference)}")
    return [
        *lines,
        "When a night has gone well with it, remove the old key: App registrations > Certificates & secrets, or by Graph:",
        f"  timetable-sync certificate roll --retire {hexadecimal(current.sha1)}",
    ]


def _written(reference: SecretRef) -> str:
    kind, value = next((kind, value) for kind in ("file", "env", "credential") if (value := getattr(reference, kind)) is not None)
    return toml_value({kind: str(value)})


def _retire(settings: Settings, which: str, story: _Story) -> None:
    """Take old keys out, signed for by a certificate that stays and that Entra ID accepts."""
    entra, session = settings.application, entra_session(settings, environ=os.environ)
    current = read_certificate(entra, environ=os.environ)
    following = None if entra.next is None else read_next_certificate(entra.next, environ=os.environ)
    by = signer(entra, current, following, session=session)
    try:
        gone = retire(by, which)
    except CredentialsRefused:
        if following is None or by.certificate.sha256 == following.sha256:
            raise
        # The current one cannot retire itself; the next one can, if it is accepted already.
        by = signer(entra, following, session=session)
        gone = retire(by, which)
    story.say(
        *(f"removed  {hexadecimal(key.thumbprint or b'') or key.key_id}" for key in gone),
        *([] if gone else ["nothing had to be removed"]),
        f"stays    {by.certificate.thumbprint}, which was signed in with",
        removed=[{"key_id": key.key_id, "thumbprint": hexadecimal(key.thumbprint or b"")} for key in gone],
        stays=by.certificate.thumbprint,
    )
    if any(key.is_for(current.facts) for key in gone):
        story.say("The configuration still names it as the current one: nights use the next one instead, and say so. Change it now.")
