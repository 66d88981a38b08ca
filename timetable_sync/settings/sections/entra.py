"""``[entra]``: how we sign in to Microsoft Entra ID."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from timetable_sync.settings import wellformed
from timetable_sync.settings.quantities import SomeTime
from timetable_sync.settings.secret import SecretRef
from timetable_sync.settings.sections.values import DirectoryName, LocalPath, Section, ServiceUrl


class Entra(Section):
    """The app registration in Microsoft Entra ID and its certificate."""

    tenant: DirectoryName = Field(description="Tenant id, or one of its domain names.", examples=["00000000-0000-0000-0000-000000000000"])
    client: DirectoryName = Field(description="Application (client) id.", examples=["11111111-1111-1111-1111-111111111111"])
    certificate: SecretRef = Field(description="The certificate, PEM or PKCS#12.", examples=[{"credential": "certificate.pem"}])
    key: SecretRef | None = Field(
        None,
        description="Its private key. Without it, the key is looked for in the certificate's file.",
        examples=[{"credential": "certificate-key.pem"}],
    )
    passphrase: SecretRef | None = Field(
        None, description="Passphrase of the key, if it has one.", examples=[{"credential": "certificate-passphrase"}]
    )
    algorithm: Literal["PS256", "RS256"] = Field(
        "PS256", description='Signature of what we send: "PS256" with x5t#S256 (today), or "RS256" with x5t (older).'
    )
    version: Literal["v2", "v1"] = Field("v2", description="Version of the token endpoint.")
    authority: ServiceUrl = Field(
        "https://login.microsoftonline.com",
        description="Address of the sign-in service. National clouds have their own, such as https://login.microsoftonline.us.",
    )
    scope: Annotated[str, AfterValidator(wellformed.scope)] = Field(
        "https://outlook.office365.com/.default",
        description="What the token is for; national clouds have their own here too. For v1 the part before /.default is sent.",
    )
    ca_bundle: LocalPath | None = Field(
        None, description="File of CA certificates to trust instead of the usual ones.", examples=["/etc/ssl/certs/our-proxy.pem"]
    )
    timeout: SomeTime = Field(timedelta(seconds=30), description="How long to wait for an answer.")
