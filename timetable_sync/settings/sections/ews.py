"""``[ews]``: Exchange Web Services."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from timetable_sync.settings import wellformed
from timetable_sync.settings.quantities import SomeTime
from timetable_sync.settings.sections.values import LocalPath, Section, ServiceUrl, Whole


class Ews(Section):
    """Exchange Web Services."""

    endpoint: ServiceUrl = Field("https://outlook.office365.com/EWS/Exchange.asmx", description="Address of the service.")
    anchor: Annotated[str, AfterValidator(wellformed.anchor)] = Field(
        "mailbox", description='X-AnchorMailbox: "mailbox" for the mailbox that is worked on, or one address for all.'
    )
    version: Literal["Exchange2013", "Exchange2013_SP1", "Exchange2016"] = Field("Exchange2016", description="Protocol version to ask for.")
    batch: Whole = Field(25, ge=1, le=100, description="Events in one request, 1 to 100. Exchange gives a batch one minute.")
    timeout: SomeTime = Field(timedelta(seconds=120), description="How long to wait for an answer.")
    ca_bundle: LocalPath | None = Field(
        None, description="File of CA certificates to trust instead of the usual ones.", examples=["/etc/ssl/certs/our-proxy.pem"]
    )
