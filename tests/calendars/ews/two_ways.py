"""A listing read by its text and by the parser: both must say the same, or the text leaves it to the parser."""

from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from timetable_sync.calendars.ews.errors import Complaint
from timetable_sync.calendars.ews.find_item import Fields, Page, read_item, read_page
from timetable_sync.calendars.ews.find_item_text import set_apart
from timetable_sync.calendars.ews.soap import IncompleteResponse, response_messages
from timetable_sync.model.window import Window

YEARS = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def parsed(content: bytes) -> Page:
    """By the parser alone."""
    return read_page(_message(content))


def taken(content: bytes) -> Page | None:
    """By the text; None where that leaves it to the parser."""
    apart = set_apart(content)
    if apart is None:
        return None
    return read_page(_message(apart.rest), apart.items)


def made_of(items: list[Fields]) -> list[object]:
    """What becomes of them."""
    return [read_item(item, YEARS) for item in items]


def _message(content: bytes) -> etree._Element:
    messages = response_messages(content, "FindItem")
    if isinstance(messages, Complaint) or len(messages) != 1:
        raise IncompleteResponse("it is no one listing")
    return messages[0]


def agree(content: bytes) -> bool:
    """Whether the text gave something; AssertionError where it is not what the parser gives."""
    apart = set_apart(content)
    if apart is None:
        return False
    by_text, by_parser = _said(taken, content), _said(parsed, content)
    if by_text != by_parser:
        raise AssertionError(f"by its text: {by_text}; by the parser: {by_parser}")
    return True


def _said(read: Callable[[bytes], Page | None], content: bytes) -> object:
    try:
        page = read(content)
    except IncompleteResponse as error:
        return str(error)
    return None if page is None else (page.whole, made_of(page.items))
