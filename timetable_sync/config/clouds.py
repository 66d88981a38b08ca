"""Microsoft's clouds by name, and what each calls its services. Values only.

https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud, https://learn.microsoft.com/graph/deployments and
https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-endpoints (Exchange Online's addresses, by cloud).
"""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

CloudName = Literal["global", "usgov", "usgov-dod", "china"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where tokens come from, what they are for, and where they are used. ``title`` is how Microsoft's pages call it."""

    title: str
    authority: str
    exchange: str
    graph: str

    @property
    def scope(self) -> str:
        """What a token for Exchange is asked for with."""
        return f"{self.exchange}/.default"

    @property
    def graph_scope(self) -> str:
        """What a token for Microsoft Graph is asked for with."""
        return f"{self.graph}/.default"

    @property
    def endpoint(self) -> str:
        """Exchange Web Services."""
        return f"{self.exchange}/EWS/Exchange.asmx"


CLOUDS: dict[CloudName, Cloud] = {
    "global": Cloud("Microsoft 365", "https://login.microsoftonline.com", "https://outlook.office365.com", "https://graph.microsoft.com"),
    "usgov": Cloud(
        "Microsoft 365 GCC High", "https://login.microsoftonline.us", "https://outlook.office365.us", "https://graph.microsoft.us"
    ),
    "usgov-dod": Cloud(
        "Microsoft 365 DoD", "https://login.microsoftonline.us", "https://outlook-dod.office365.us", "https://dod-graph.microsoft.us"
    ),
    "china": Cloud(
        "Microsoft 365 operated by 21Vianet",
        "https://login.partner.microsoftonline.cn",
        "https://partner.outlook.cn",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
}

NAMES: tuple[CloudName, ...] = get_args(CloudName)


def cloud_named(name: object) -> Cloud:
    """The cloud of that name; the global one for whatever is no name, which is the schema's to complain about."""
    return next((cloud for known, cloud in CLOUDS.items() if known == name), CLOUDS["global"])


def clouds_of(address: str) -> frozenset[CloudName]:
    """The clouds that a service's address belongs to (the two American ones share theirs for sign-in); none for one's own server."""
    host = urlsplit(address).hostname
    return frozenset(
        name for name, cloud in CLOUDS.items() if host in {urlsplit(one).hostname for one in (cloud.authority, cloud.exchange, cloud.graph)}
    )
