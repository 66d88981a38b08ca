"""Whether the addresses that a sign-in uses belong to one of Microsoft's clouds, as tokens of one are worth nothing in another. Pure."""

from timetable_sync.config.clouds import CLOUDS, CloudName, clouds_of
from timetable_sync.config.schema import Settings
from timetable_sync.entra.claims import Remark

#: How the names of a cloud's own domains end. https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-u-s-government-gcc-high-endpoints
#: and https://learn.microsoft.com/microsoft-365/admin/services-in-china/services-in-china
_DOMAINS: dict[str, frozenset[CloudName]] = {
    ".onmicrosoft.com": frozenset({"global"}),
    ".onmicrosoft.us": frozenset({"usgov", "usgov-dod"}),
    ".partner.onmschina.cn": frozenset({"china"}),
}


def wrong_cloud(settings: Settings) -> Remark | None:
    """What of the configuration lies in different clouds; None where all fits, and for servers of one's own."""
    entra = settings.application
    named = {
        "entra.tenant": next((clouds for end, clouds in _DOMAINS.items() if entra.tenant.lower().endswith(end)), frozenset[CloudName]()),
        "entra.authority": clouds_of(entra.authority),
        "entra.scope": clouds_of(entra.scope),
    }
    if settings.ews.sign_in == "entra":
        named["ews.endpoint"] = clouds_of(settings.ews.endpoint)
    placed = {key: clouds for key, clouds in named.items() if clouds}
    if not placed or frozenset.intersection(*placed.values()):
        return None
    said = ", ".join(f"{key} in {' or '.join(CLOUDS[name].title for name in sorted(clouds))}" for key, clouds in placed.items())
    return Remark(
        f"the configuration mixes clouds: {said}",
        "Set entra.cloud to the tenant's cloud, and take out entra.authority, entra.scope and ews.endpoint, which follow it.",
    )
