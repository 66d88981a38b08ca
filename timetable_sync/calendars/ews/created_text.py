"""The names of new events taken straight out of the text of CreateItem's answer, where all of them were made.

That is what nearly every answer to a create says, and by elements it takes as long as all the rest of reading it. Wherever it says anything
else, of one event or of all, it is left to the parser, which says the same (tests/calendars/ews/test_created_text.py).
"""

import re
from functools import lru_cache

from timetable_sync.calendars.ews.answer_text import NAME, PREFIX, is_odd, text_of
from timetable_sync.calendars.ews.answers import parse
from timetable_sync.calendars.ews.names import TYPES, M, S
from timetable_sync.model.snapshot import ItemRef

_BEGIN = re.compile(
    rf"<(?P<m>{PREFIX}):CreateItemResponse(?=[ >])[^<>]*><(?P=m):ResponseMessages>"
    rf"(?=<(?P=m):CreateItemResponseMessage ResponseClass=\"Success\">"
    rf"<(?P=m):ResponseCode>NoError</(?P=m):ResponseCode><(?P=m):Items><(?P<t>{PREFIX}):CalendarItem>)",
    re.ASCII,
)
_MESSAGES = f"{M}CreateItemResponse/{M}ResponseMessages"


def created(content: bytes, expected: int) -> list[ItemRef] | None:
    """The names of the ``expected`` new events, in order; None where the answer says anything else, or has another form.

    Raises NotWhole for one that is cut off.
    """
    text = text_of(content)
    begin = _BEGIN.search(text)
    if begin is None:
        return None
    fits, at, found = _pattern(begin["m"], begin["t"]).match, begin.end(), list[ItemRef]()
    while (one := fits(text, at)) is not None:
        at = one.end()
        found.append(ItemRef(one[1], one[2]))
    head, tail = text[: begin.end()], text[at:]
    around = head + tail
    end = f"</{begin['m']}:ResponseMessages></{begin['m']}:CreateItemResponse>"
    if len(found) != expected or not tail.startswith(end) or is_odd(around) or around.count("ResponseMessages") > 2:
        return None
    root = parse(around.encode())
    body = root.find(f"{S}Body") if root.tag == f"{S}Envelope" else None
    # A fault beside it would be heard first.
    messages = None if body is None or len(body) != 1 else body.find(_MESSAGES)
    if messages is None or len(messages) or messages.nsmap.get(begin["t"]) != TYPES:
        return None
    return found


@lru_cache(8)
def _pattern(m: str, t: str) -> re.Pattern[str]:
    m, t = re.escape(m), re.escape(t)
    return re.compile(
        f'<{m}:CreateItemResponseMessage ResponseClass="Success"><{m}:ResponseCode>NoError</{m}:ResponseCode><{m}:Items>'
        f'<{t}:CalendarItem><{t}:ItemId Id="({NAME})" ChangeKey="({NAME})" ?/></{t}:CalendarItem>'
        f"</{m}:Items></{m}:CreateItemResponseMessage>"
    )
