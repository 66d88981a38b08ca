"""GetItem: items by their ids, bodies included."""

from timetable_sync.sandbox.ews.answers import EwsError, error, success
from timetable_sync.sandbox.ews.rendering import render
from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ews.shapes import item_shape


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
