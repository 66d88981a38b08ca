"""GetItem, GetFolder and FindItem: items by their ids, a folder with its counts and signs of change, and what a calendar holds.

FindItem goes by a view of time or page by page. A calendar view goes by overlap, hands out occurrences of series, takes no restriction and
does not page; a page of items holds at most 1,000, with a restriction 250; a view at most two years
(https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/calendarview,
https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange).
"""

from datetime import UTC, datetime

from timetable_sync.sandbox.ews.property_paths import Path, read_path, seconds
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.rendering import Shape, render
from timetable_sync.sandbox.ews.request import Request, item_shape
from timetable_sync.sandbox.ews.responses import EwsError, error, success
from timetable_sync.sandbox.ews.restrictions import read_order, read_search, sort
from timetable_sync.sandbox.items import Item


def get_item(request: Request) -> list[str]:
    """One message for each id."""
    shape_node, ids = request.body.children
    messages = []
    for index, node in enumerate(ids):
        try:
            request.check(index)
            shape = item_shape(shape_node, finding=False, zone=request.zone)
            content = render(request.item(node), request.mailbox, shape)
            messages.append(success("GetItemResponseMessage", f"<m:Items>{content}</m:Items>"))
        except EwsError as failure:
            messages.append(error("GetItemResponseMessage", failure, "<m:Items/>"))
    return messages


_ORDER = (
    "FolderId",
    "ParentFolderId",
    "FolderClass",
    "DisplayName",
    "TotalCount",
    "ChildFolderCount",
    "ExtendedProperty",
    "EffectiveRights",
    "DistinguishedFolderId",
)
_BASE = {
    "IdOnly": {"FolderId"},
    "Default": {"FolderId", "DisplayName", "TotalCount", "ChildFolderCount"},
    "AllProperties": set(_ORDER) - {"ExtendedProperty"},
    "PcxPeopleSearch": {"FolderId"},
}
_RIGHTS = "".join(
    f"<t:{name}>true</t:{name}>" for name in ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read")
)
_NAMES = {"calendar": "Calendar", "deleteditems": "Deleted Items", "root": "Top of Information Store"}
_CLASSES = {"calendar": "IPF.Appointment", "deleteditems": "IPF.Note", "root": "IPF.Note"}


def _wanted(shape: Node) -> tuple[set[str], list[Path]]:
    names = set(_BASE[shape.value("BaseShape") or "IdOnly"])
    extended = []
    for child in shape.find("AdditionalProperties") or ():
        path = read_path(child)
        if path.extended is not None:
            extended.append(path)
            continue
        scheme, _, name = path.field.partition(":")
        if scheme != "folder":
            raise EwsError("ErrorInvalidPropertyRequest", "Property is not valid for this object type.", xml=path.xml)
        names.add(name)
    return names, extended


def _extended(request: Request, folder: str, path: Path) -> str:
    mailbox = request.mailbox
    if path.extended == ("tag", "0x670a", "SystemTime"):
        # PidTagLocalCommitTimeMax: the last time anything in the folder changed. Whole seconds, unless the request wants more.
        moment = datetime.fromtimestamp(mailbox.commit_time, UTC)
        value = moment.strftime("%Y-%m-%dT%H:%M:%S")
        value += f".{moment.microsecond // 1000:03d}Z" if request.milliseconds else "Z"
    elif path.extended == ("tag", "0x670b", "Integer"):
        value = str(mailbox.deletions)
    elif path.extended == ("tag", "0x3001", "String"):
        value = _NAMES[folder]
    else:
        return ""
    return f"<t:ExtendedProperty>{path.xml}<t:Value>{value}</t:Value></t:ExtendedProperty>"


def _folder(request: Request, folder: str, names: set[str], extended: list[Path]) -> str:
    mailbox, ids = request.mailbox, request.mailbox.ids
    own = {"calendar": ids.calendar, "deleteditems": ids.deleted, "root": ids.root}[folder]
    count = {"calendar": len(mailbox.items), "deleteditems": len(mailbox.deleted), "root": 0}[folder]
    parts = {
        "FolderId": f'<t:FolderId Id="{own}" ChangeKey="{ids.change_key(mailbox.changes)}"/>',
        "ParentFolderId": f'<t:ParentFolderId Id="{ids.root}" ChangeKey="AQAAAA=="/>',
        "FolderClass": f"<t:FolderClass>{_CLASSES[folder]}</t:FolderClass>",
        "DisplayName": f"<t:DisplayName>{_NAMES[folder]}</t:DisplayName>",
        "TotalCount": f"<t:TotalCount>{count}</t:TotalCount>",
        "ChildFolderCount": f"<t:ChildFolderCount>{2 if folder == 'root' else 0}</t:ChildFolderCount>",
        "EffectiveRights": f"<t:EffectiveRights>{_RIGHTS}</t:EffectiveRights>",
        "DistinguishedFolderId": f"<t:DistinguishedFolderId>{'msgfolderroot' if folder == 'root' else folder}</t:DistinguishedFolderId>",
        "ExtendedProperty": "".join(_extended(request, folder, path) for path in extended),
    }
    inner = "".join(parts[name] for name in _ORDER if name in names or name == "ExtendedProperty")
    element = "CalendarFolder" if folder == "calendar" else "Folder"
    return f"<t:{element}>{inner}</t:{element}>"


def get_folder(request: Request) -> list[str]:
    """One message for each folder id."""
    shape, ids = request.body.children
    messages = []
    for index, node in enumerate(ids):
        try:
            request.check(index)
            names, extended = _wanted(shape)
            content = _folder(request, request.folder(node), names, extended)
            messages.append(success("GetFolderResponseMessage", f"<m:Folders>{content}</m:Folders>"))
        except EwsError as failure:
            messages.append(error("GetFolderResponseMessage", failure, "<m:Folders/>"))
    return messages


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
