"""``[ews]``: Exchange Web Services."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from timetable_sync.config import validators
from timetable_sync.config.clouds import CLOUDS
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.table import LocalPath, Section, ServiceUrl, Text, Whole
from timetable_sync.config.units import SomeTime


class Ews(Section):
    """Exchange Web Services."""

    endpoint: ServiceUrl = Field(
        CLOUDS["global"].endpoint,
        description="Address of the service; by default Exchange Online's of entra.cloud. On premises, https://HOST/EWS/Exchange.asmx.",
    )
    sign_in: Literal["entra", "basic", "ntlm"] = Field(
        "entra",
        description='"entra" for a token of [entra]; on premises, "ntlm" or "basic" for a service account with ApplicationImpersonation.',
    )
    user: Text | None = Field(
        None, description="The service account, for basic and ntlm.", examples=["EXAMPLE\\svc-timetable", "svc-timetable@example.ac.uk"]
    )
    password: SecretRef | None = Field(
        None, description="The service account's password, by reference.", examples=[{"credential": "exchange-password"}]
    )
    anchor: Annotated[str, AfterValidator(validators.anchor)] = Field(
        "mailbox", description='X-AnchorMailbox: "mailbox" for the mailbox that is worked on, or one address for all.'
    )
    version: Literal["Exchange2013", "Exchange2013_SP1", "Exchange2016"] = Field("Exchange2016", description="Protocol version to ask for.")
    # Larger ones are fewer requests; but the budget is looked at after each event, and a batch has a minute: BatchSizes makes them smaller.
    # https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
    batch: Whole = Field(
        50, ge=1, le=100, description="Most events in one request, 1 to 100. Exchange gives a batch one minute: fewer go while it is slow."
    )
    timeout: SomeTime = Field(timedelta(seconds=120), description="How long to wait for an answer.")
    ca_bundle: LocalPath | None = Field(
        None, description="File of CA certificates to trust instead of the usual ones.", examples=["/etc/ssl/certs/our-proxy.pem"]
    )
