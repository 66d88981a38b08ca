"""The calendar of EWS's end in Exchange Online, and whom it concerns. Pure, given the day.

https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-ews-exchange-online
"""

from datetime import date
from typing import Any

from timetable_sync.config.clouds import clouds_of
from timetable_sync.config.schema import Settings
from timetable_sync.doctor.results import CheckResult, Part, passed, warned
from timetable_sync.reports.formatting import counted

#: From then on an application needs to be on the tenant's list; from then on there is no EWS in Exchange Online at all.
LISTED_ONLY = date(2026, 10, 1)
GONE = date(2027, 4, 1)


def end_of_ews(settings: Settings, today: date) -> CheckResult:
    """Which day it is in that calendar, what it means, and what to do."""
    if settings.ews.sign_in != "entra" or not clouds_of(settings.ews.endpoint):
        return passed(Part.END_OF_EWS, "no end in sight: a server of one's own is not concerned, only Exchange Online is", concerned=False)
    left = (GONE - today).days
    facts: dict[str, Any] = {"concerned": True, "listed_only_since": LISTED_ONLY.isoformat(), "gone": GONE.isoformat(), "days_left": left}
    if left <= 0:
        said = f"Exchange Online has had no EWS since {_day(GONE)}"
        return warned(Part.END_OF_EWS, said, "A backend by Microsoft Graph is needed: it serves user, shared and room mailboxes.", **facts)
    client = settings.application.client
    allow = f'Set-OrganizationConfig -EwsEnabled $true -EwsAllowedAppIDs "{client}"'
    whole = "It writes the whole list: name the other applications too (Get-OrganizationConfig). It takes up to a day."
    if today < LISTED_ONLY:
        said = f"from {_day(LISTED_ONLY)} on only applications on the tenant's list may use it, and none from {_day(GONE)} on"
    else:
        said = f"only for applications on the tenant's list since {_day(LISTED_ONLY)}; gone from Exchange Online in {counted(left, 'day')}"
        said += f", on {_day(GONE)}"
    return warned(Part.END_OF_EWS, said, f"{allow}\n{whole}", **facts)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
