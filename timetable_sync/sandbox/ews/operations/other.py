"""ConvertId, SyncFolderItems and SyncFolderHierarchy, as far as clients ask for them.

ConvertId knows only EwsId to EwsId, which is what clients ask to learn the server's version; the sandbox has no other form. The other two
are refused for group mailboxes, and here for every other kind as well: "SyncFolderItems and SyncFolderHierarchy are not supported for use
against Office 365 Group mailboxes":
https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/syncfolderitems-operation
"""

from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ews.responses import EwsError, attribute, error, success
from timetable_sync.sandbox.items import well_formed

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def convert_id(request: Request) -> list[str]:
    """One message for each id."""
    wanted = request.body.get("DestinationFormat")
    messages = []
    for node in request.body.children[0]:
        try:
            given = node.get("Id")
            if node.name != "AlternateId" or node.get("Format") != wanted:
                raise EwsError("ErrorUnsupportedTypeForConversion", "The sandbox converts ids into their own form only.")
            if not well_formed(given):
                raise EwsError("ErrorInvalidIdMalformed")
            content = (
                f'<m:AlternateId xmlns:xsi="{_XSI}" xsi:type="t:AlternateIdType" Format="{wanted}" Id={attribute(given)} '
                f"Mailbox={attribute(node.get('Mailbox'))}/>"
            )
            messages.append(success("ConvertIdResponseMessage", content))
        except EwsError as failure:
            messages.append(error("ConvertIdResponseMessage", failure))
    return messages


def _refuse(request: Request, message: str) -> list[str]:
    if request.mailbox.kind == "group":
        return [error(message, EwsError("ErrorInvalidOperation", "The operation is not supported for group mailboxes."))]
    return [error(message, EwsError("ErrorInvalidOperation", "The sandbox does not synchronise folders."))]


def sync_folder_items(request: Request) -> list[str]:
    """One refusal."""
    return _refuse(request, "SyncFolderItemsResponseMessage")


def sync_folder_hierarchy(request: Request) -> list[str]:
    """One refusal."""
    return _refuse(request, "SyncFolderHierarchyResponseMessage")
