"""Rows by chance, of what has broken such programs before: markup, code, odd characters, paths, times and numbers beyond bounds."""

from random import Random

from tests.night_world import Meeting

#: Read as text by everybody, whatever it looks like.
TITLES = (
    "'; DROP TABLE meeting; --",
    '" OR 1=1 --',
    "{{ 7 * 7 }}",
    "{% for a in range(999999999) %}{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style></title><svg onload=alert(1)>",
    "<!--", "-->", "]]>", "<![CDATA[x]]>", "&lt;b&gt;", "&#0;&#xFFFE;&#55296;",
    "\u202egnp.exe\u202c", "\u2066a\u2069\u200b\ufeff\u00ad", "a\x00b\x01\x08\x0b\x0c\x1f\x7f\x85",
    "\ufffe\uffff\ufdd0", "\x1b[2J\x1b]0;title\x07",
    "\U0001f469\u200d\U0001f3eb\U0001f3fd Logic \U0001f600", "e\u0301" * 300, "Z\u0351\u036b\u0343\u036a" * 60,
    "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-1",
    "../../../../etc/passwd", "C:\\Windows\\System32", "/dev/null", "CON", "file:///etc/passwd", "a/b\\c:d*e?f",
    "x" * 100_000, " ", "\u00a0\u3000", "NULL", "None", "nan", "0", "true", "%s%s%n", "\r\nBcc: all@example.ac.uk", "\\u0000",
)  # fmt: skip
TIMES = (
    "2026-10-14 09:00", "2026-10-25 01:30", "2027-03-28 01:30", "0000-00-00 00:00", "0001-01-01 00:00+14:00", "9999-12-31 23:59-14:00",
    "tomorrow",
    "2026-02-30 09:00", "", None, "2026-10-14", "1e9999999999", "99999999999999999999", "2026-10-14T09:00:00Z",
    "14.10.2026 09:00", "\x00", "2026-10-14 24:00",
)  # fmt: skip


def hostile(chance: Random, many: int, calendars: tuple[str, ...]) -> list[Meeting]:
    """So many rows. Each may lack anything, and names activities and rooms as it names titles."""

    def odd() -> str | None:
        return None if chance.random() < 0.05 else "".join(chance.choices(TITLES, k=chance.choice((1, 1, 1, 2))))[:120_000]

    def moment(usual: str) -> str | None:
        # Mostly a good one, so that the rest of the row comes as far as the calendar.
        return usual if chance.random() < 0.7 else chance.choice(TIMES)

    return [
        (
            odd(),
            chance.choice(calendars) if chance.random() < 0.9 else odd(),
            moment("2026-10-14 09:00"),
            moment("2026-10-14 10:00"),
            odd(),
            odd(),
        )
        for _ in range(many)
    ]


def ordinary(module: str, many: int) -> list[Meeting]:
    """Lessons that nothing is wrong with, from the next day on."""
    made: list[Meeting] = []
    for number in range(many):
        day = 14 + number // 12 % 60
        hour = f"2026-{10 + day // 28:02}-{1 + day % 28:02} {8 + number % 12:02}"
        made.append((f"{module}-{number}", module, f"{hour}:00", f"{hour}:50", "Logic", "R1"))
    return made
