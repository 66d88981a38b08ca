"""``[network]``: the way to the services, where it is not straight."""

from typing import Annotated

from pydantic import AfterValidator, Field

from timetable_sync.settings import wellformed
from timetable_sync.settings.secret import SecretRef
from timetable_sync.settings.sections.values import Section


class Network(Section):
    """The way to Entra ID and Exchange. Without any of it, HTTPS_PROXY and NO_PROXY of the environment count, as everywhere.

    This very machine is reached without a proxy, whoever names one.
    """

    proxy: Annotated[str, AfterValidator(wellformed.proxy)] | None = Field(
        None,
        description="Address of a proxy, with the user's name where it wants one, without the password. It counts instead of HTTPS_PROXY; "
        "hosts in NO_PROXY are reached without it.",
        examples=["http://proxy.example.ac.uk:3128"],
    )
    proxy_password: SecretRef | None = Field(
        None, description="The password of the proxy's user, by reference.", examples=[{"credential": "proxy-password"}]
    )
