"""Whether a certificate stands in a manifest as it must, and which entries are over. Pure."""

from dataclasses import dataclass
from datetime import datetime

from timetable_sync.entra.certificate_facts import CertificateFacts, base64
from timetable_sync.entra.manifest import ManifestForm, Registered, moment_text, name_in
from timetable_sync.entra.manifest_text import ManifestText


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """``found`` is the certificate's entry, None where it has none; ``wrong`` says what of it is not as it must be, a line each.

    ``expired`` are all entries that are over, ``living`` counts those that are not.
    """

    found: Registered | None
    wrong: tuple[str, ...]
    expired: tuple[Registered, ...]
    living: int

    @property
    def good(self) -> bool:
        """Whether Entra ID would take a sign-in with this certificate, by this manifest."""
        return self.found is not None and not self.wrong


def check_manifest(manifest: ManifestText, certificate: CertificateFacts, now: datetime) -> ManifestCheck:
    """Judge ``manifest`` for ``certificate`` at ``now`` (aware)."""
    entries = [entry for _, entry in manifest.entries]
    found = manifest.find(certificate)
    over = tuple(entry for entry in entries if entry.expired(now))
    return ManifestCheck(found, () if found is None else tuple(_wrong(found, certificate, now)), over, len(entries) - len(over))


def _wrong(found: Registered, certificate: CertificateFacts, now: datetime) -> list[str]:
    wrong = []
    for name, says, own in (
        (name_in(found.form, "startDate"), found.starts, certificate.not_before),
        (name_in(found.form, "endDate"), found.ends, certificate.not_after),
    ):
        if says != own:
            shown = found.entry.get(name)
            wrong.append(f"{name} is {shown if shown is not None else 'not there'}, but the certificate says {moment_text(own)}")
    if found.form is ManifestForm.PORTAL and found.entry.get("customKeyIdentifier") != base64(certificate.sha1):
        wrong.append(
            f"customKeyIdentifier is {found.entry.get('customKeyIdentifier')}, and must be {base64(certificate.sha1)}: "
            "base64 of the SHA-1 digest, not of its hexadecimal form"
        )
    value = name_in(found.form, "value")
    if found.der is None and found.entry.get(value) is not None:
        wrong.append(f"{value} is not the base64 of the certificate's DER form, without the lines of PEM around it")
    wrong += [
        f"{name} is {found.entry.get(name)}, and must be {must}"
        for name, must in (("type", "AsymmetricX509Cert"), ("usage", "Verify"))
        if found.entry.get(name) != must
    ]
    if certificate.not_after < now:
        wrong.append(f"the certificate is over since {moment_text(certificate.not_after)}")
    elif certificate.not_before > now:
        wrong.append(f"the certificate begins at {moment_text(certificate.not_before)} only")
    return wrong
