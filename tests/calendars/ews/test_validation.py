"""What can be sent at all: the quick look at texts lets nothing through that the thorough one would not."""

import re
import sys

from timetable_sync.calendars.ews import validation


def test_every_character_that_can_be_printed_can_be_carried_by_xml() -> None:
    printable = "".join(character for point in range(sys.maxunicode + 1) if (character := chr(point)).isprintable())

    # https://www.w3.org/TR/xml/#charsets
    assert re.search("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", printable) is None
    assert validation._is_xml(printable)


def test_what_cannot_be_printed_is_looked_at_thoroughly() -> None:
    assert all(validation._is_xml(text) for text in ("", "two\nlines\tand\ra return", "soft\u00adhyphen", "\ue000 private"))
    assert not any(validation._is_xml(f"a{character}") for character in "\0\x0b\x1f\ud800\udfff\ufffe\uffff")
