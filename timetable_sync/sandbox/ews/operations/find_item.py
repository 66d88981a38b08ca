"""FindItem: what a calendar holds, by a view of time or page by page.

A calendar view goes by overlap, hands out occurrences of series, takes no restriction and does not page; a page of items
holds at most 1,000, with a restriction 250; a view at most two years
(https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/calendarview,
https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange).
"""

from timetable_sync.sandbox.ews.answers import EwsError, error, success
from timetable_sync.sandbox.ews.moments import seconds
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.rendering import Shape, render
from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ews.restrictions import read_order, read_search, sort
from timetable_sync.sandbox.ews.shapes import item_shape
from timetable_sync.sandbox.items import Item

#: The most items of one answer, without and with a restriction.
MOST, MOST_RESTRICTED = 1000, 250

_TWO_YEARS = 2 * 366 * 86400


def _root(request: Request, shape: Shape, items: list[Item], *, total: int, last: bool, offset: int | None) -> str:
    if request.missing:
        items = [item for index, item in enumerate(items) if index not in request.missing]
    mailbox = request.mailbox
    inner = "".join([render(item, mailbox, shape) for item in items])
    paging = "" if offset is None else f' IndexedPagingOffset="{offset}"'
    return (
        f'<m:RootFolder{paging} TotalItemsInView="{total}" IncludesLastItemInRange="{"true" if last else "false"}">'
        f"<t:Items>{inner}</t:Items></m:RootFolder>"
    )


def _calendar_view(request: Request, view: Node, shape: Shape, folder: str) -> str:
    if request.body.find("Restriction") is not None or request.body.find("SortOrder") is not None:
        raise EwsError("ErrorRestrictionTooComplex", "Restrictions and sort order may not be specified for a CalendarView.")
    if folder != "calendar":
        raise EwsError("ErrorCalendarFolderIsInvalidForCalendarView", "Can not execute a CalendarView against a non-Calendar folder.")
    start, end = seconds(view.get("StartDate"), request.zone), seconds(view.get("EndDate"), request.zone)
    if end < start:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    if end - start > _TWO_YEARS:
        raise EwsError("ErrorCalendarViewRangeTooBig")
    found = request.mailbox.overlapping(start, end)
    most = _most(request, view, MOST)
    return _root(request, shape, found[:most], total=len(found), last=len(found) <= most, offset=None)


def _most(request: Request, view: Node | None, most: int) -> int:
    if request.page is not None:
        most = min(most, request.page)
    if view is None or "MaxEntriesReturned" not in view.attributes:
        return most
    wanted = int(view.get("MaxEntriesReturned"))
    if wanted < 1:
        raise EwsError("ErrorInvalidPagingMaxRows", "Paging max rows must be positive.")
    return min(wanted, most)


def _page(request: Request, view: Node | None, shape: Shape, folder: str) -> str:
    items = list(request.mailbox) if folder == "calendar" else list(request.mailbox.deleted.values())
    restriction, order = request.body.find("Restriction"), request.body.find("SortOrder")
    if request.body.get("Traversal") != "Shallow":
        items = []
    if restriction is not None:
        test = read_search(restriction.children[0])
        items = [item for item in items if test(item)]
    if order is not None:
        items = sort(items, read_order(order))
    most = _most(request, view, MOST if restriction is None else MOST_RESTRICTED)
    offset = 0
    if view is not None:
        offset = int(view.get("Offset"))
        if offset < 0:
            raise EwsError("ErrorInvalidIndexedPagingParameters", "Paging offset must be non-negative.")
        if view.get("BasePoint") == "End":
            end = max(0, len(items) - offset)
            begin = max(0, end - most)
            return _root(request, shape, items[begin:end], total=len(items), last=begin == 0, offset=len(items) - begin)
    page = items[offset : offset + most]
    last = offset + most >= len(items)
    following = min(offset + len(page), len(items))
    return _root(request, shape, page, total=len(items), last=last, offset=following)


def find_item(request: Request) -> list[str]:
    """One message for each folder."""
    body = request.body
    messages = []
    for index, node in enumerate(body.find("ParentFolderIds") or ()):
        try:
            request.check(index)
            shape = item_shape(body.children[0], finding=True, zone=request.zone)
            folder = request.folder(node)
            if body.find("GroupBy") or body.find("DistinguishedGroupBy") or body.find("QueryString"):
                raise EwsError("ErrorUnsupportedQueryFilter", "The sandbox neither groups nor takes query strings.")
            view = body.find("CalendarView")
            if view is not None:
                content = _calendar_view(request, view, shape, folder)
            elif body.find("FractionalPageItemView") or body.find("SeekToConditionPageItemView") or body.find("ContactsView"):
                raise EwsError("ErrorInvalidOperation", "The sandbox pages by IndexedPageItemView and CalendarView only.")
            else:
                content = _page(request, body.find("IndexedPageItemView"), shape, folder)
            messages.append(success("FindItemResponseMessage", content))
        except EwsError as failure:
            messages.append(error("FindItemResponseMessage", failure))
    return messages
