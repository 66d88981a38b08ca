"""SyncFolderItems and SyncFolderHierarchy: refused for group mailboxes, and here for every other kind as well.

"SyncFolderItems and SyncFolderHierarchy are not supported for use against Office 365 Group mailboxes":
https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/syncfolderitems-operation
"""

from timetable_sync.sandbox.ews.answers import EwsError, error
from timetable_sync.sandbox.ews.request import Request


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
