"""``[entra]``: how we sign in to Microsoft Entra ID."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from timetable_sync.config import validators
from timetable_sync.config.clouds import CLOUDS, CloudName, cloud_named
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.table import DirectoryName, LocalPath, Section, ServiceUrl
from timetable_sync.config.units import SomeTime


class NextCertificate(Section):
    """The certificate that is to follow. Sign-in falls back to it where Entra ID refuses the current key; the report then says so."""

    certificate: SecretRef = Field(description="The certificate, PEM or PKCS#12.", examples=[{"credential": "certificate-next.pem"}])
    key: SecretRef | None = Field(
        None,
        description="Its private key. Without it, the key is looked for in the certificate's file.",
        examples=[{"credential": "certificate-next-key.pem"}],
    )
    passphrase: SecretRef | None = Field(
        None, description="Passphrase of the key, if it has one.", examples=[{"credential": "certificate-next-passphrase"}]
    )


class Entra(Section):
    """The app registration in Microsoft Entra ID and its certificate. Not needed where [ews] signs in with a service account."""

    tenant: DirectoryName = Field(description="Tenant id, or one of its domain names.", examples=["00000000-0000-0000-0000-000000000000"])
    client: DirectoryName = Field(description="Application (client) id.", examples=["11111111-1111-1111-1111-111111111111"])
    certificate: SecretRef | None = Field(
        None,
        description="The certificate, PEM or PKCS#12. Needed, unless there is a secret.",
        examples=[{"credential": "certificate.pem"}],
        json_schema_extra={"shown": True},
    )
    key: SecretRef | None = Field(
        None,
        description="Its private key. Without it, the key is looked for in the certificate's file.",
        examples=[{"credential": "certificate-key.pem"}],
    )
    passphrase: SecretRef | None = Field(
        None, description="Passphrase of the key, if it has one.", examples=[{"credential": "certificate-passphrase"}]
    )
    secret: SecretRef | None = Field(
        None,
        description="A client secret, instead of a certificate. Entra ID takes it, but Exchange Online's EWS refuses the tokens that an "
        "application gets for one: it is for trying a sign-in, and for servers of one's own.",
        examples=[{"credential": "client-secret"}],
    )
    next: NextCertificate | None = Field(
        None,
        description="Certificate that is to follow, once it is registered too. Sign-in falls back to it where the current key is refused.",
        examples=[{"certificate": {"credential": "certificate-next.pem"}, "key": {"credential": "certificate-next-key.pem"}}],
    )
    expiry_warning: SomeTime = Field(
        timedelta(days=30), description="From so long before the certificate's end every report and the log say so."
    )
    algorithm: Literal["PS256", "RS256"] = Field(
        "PS256", description='Signature of what we send: "PS256" with x5t#S256 (today), or "RS256" with x5t (older).'
    )
    version: Literal["v2", "v1"] = Field("v2", description="Version of the token endpoint.")
    cloud: CloudName = Field(
        "global",
        description="Microsoft's cloud that the tenant is in. It gives authority, scope, graph, graph_scope and ews.endpoint; where one of "
        'those is set, that counts. "usgov" is GCC High, "china" is 21Vianet\'s.',
    )
    authority: ServiceUrl = Field(CLOUDS["global"].authority, description="Address of the sign-in service; by default the cloud's.")
    scope: Annotated[str, AfterValidator(validators.scope)] = Field(
        CLOUDS["global"].scope,
        description="What the token is for; by default the cloud's Exchange. For v1 the part before /.default is sent.",
    )
    graph: ServiceUrl = Field(
        CLOUDS["global"].graph,
        description="Address of Microsoft Graph, for timetable-sync certificate roll alone; by default the cloud's.",
    )
    graph_scope: Annotated[str, AfterValidator(validators.scope)] = Field(
        CLOUDS["global"].graph_scope, description="What the token for Graph is for; by default the cloud's Graph."
    )
    ca_bundle: LocalPath | None = Field(
        None, description="File of CA certificates to trust instead of the usual ones.", examples=["/etc/ssl/certs/our-proxy.pem"]
    )
    timeout: SomeTime = Field(timedelta(seconds=30), description="How long to wait for an answer.")

    @model_validator(mode="before")
    @classmethod
    def _of_the_cloud(cls, value: Any) -> Any:
        """What is not set is as the cloud has it."""
        if not isinstance(value, dict) or "cloud" not in value:
            return value
        cloud = cloud_named(value["cloud"])
        return {
            "authority": cloud.authority,
            "scope": cloud.scope,
            "graph": cloud.graph,
            "graph_scope": cloud.graph_scope,
            **value,
        }
