"""The configuration that small installations of tests have in common: meetings in SQLite, the sandbox as Entra ID and Exchange."""

from tests.sandbox_process import CLIENT_ID, TENANT

#: ``[timetable]``: one table ``meeting`` beside the configuration file. It ends within ``[timetable.columns]``: more of them may follow.
TIMETABLE = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "{period}"
query = "SELECT * FROM meeting"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
"""

#: The same with ``[calendars]``.
MEETINGS = (
    TIMETABLE
    + """
[calendars]
address = "{{{{ calendar | lower }}}}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
"""
)

_SIGN_IN = """
[entra]
tenant = "{tenant}"
client = "{client}"
certificate = {{ file = "timetable-sync.pem" }}
key = {{ file = "timetable-sync-key.pem" }}
authority = "{url}"
[ews]
endpoint = "{url}/EWS/Exchange.asmx"
"""

#: For installations whose databases and services are named by the environment; a run without it would reach nothing.
REPLACED = (
    MEETINGS.format(period="2026/27")
    + """
[entra]
tenant = "replaced"
client = "replaced"
certificate = { file = "replaced.pem" }
"""
)


def plain_configuration(url: str) -> str:
    """TOML for the sandbox at ``url`` (scheme, host, port). It ends within ``[ews]``: more keys of that may follow, and other tables."""
    return MEETINGS.format(period="now") + _SIGN_IN.format(tenant=TENANT, client=CLIENT_ID, url=url)
