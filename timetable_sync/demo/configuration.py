"""The made-up college's configuration file, as an ordinary college would write it; only the addresses are the sandbox's."""

from timetable_sync.demo.college import DOMAIN, NAME, PERIOD, ZONE
from timetable_sync.demo.registration import CLIENT, TENANT


def configuration(sandbox_url: str) -> str:
    """TOML. Every path in it is relative to the file."""
    return f"""\
# {NAME}: group calendars from the timetable in college.sqlite.

[timetable]
url       = "sqlite:///college.sqlite"
time_zone = "{ZONE}"
period    = "{PERIOD}"
query     = "file:timetable.sql"

[timetable.columns]
activity  = "activity_code"
calendar  = "group_code"                  # a joint lecture has several, in several rows
start     = "starts_at"
end       = "ends_at"
title     = "title"
module    = "module_code"
type      = "kind"
rooms     = {{ column = "room", many = true }}
staff     = {{ column = "lecturer", many = true }}
groups    = {{ column = "group_code", many = true }}
cancelled = {{ column = "status", values = ["X"], action = "mark" }}

[calendars]
address = "{{{{ calendar | lower }}}}@{DOMAIN}"
allow   = ["*@{DOMAIN}"]   # nothing else is ever written

[event]
subject    = "{{{{ module }}}} {{{{ type }}}}: {{{{ title }}}}"
location   = "{{{{ rooms | join(', ') or 'room to be announced' }}}}"
body       = \"\"\"
{{{{ staff | join(', ') or 'Lecturer to be announced' }}}}
For {{{{ groups | join(', ') }}}}\"\"\"
categories = ["Timetable"]

[[event.rules]]
when       = {{ type = "Test" }}
categories = ["Timetable", "Test"]
reminder   = "1 day"

[entra]
tenant      = "{TENANT}"
client      = "{CLIENT}"
certificate = {{ file = "certificate.pem" }}
key         = {{ file = "certificate-key.pem" }}
authority   = "{sandbox_url}"   # the sandbox; without this line, Microsoft's

[ews]
endpoint = "{sandbox_url}/EWS/Exchange.asmx"

[state]
url = "sqlite:///state.db"

[report]
directory = "reports"
"""
