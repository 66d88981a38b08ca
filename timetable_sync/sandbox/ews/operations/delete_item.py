"""DeleteItem: to Deleted Items, or for good."""

from timetable_sync.sandbox.ews.answers import EwsError, error, success
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ids import split_occurrence_id


def _delete(request: Request, node: Node, how: str, send: str) -> None:
    item = request.item(node)
    if not send:
        raise EwsError("ErrorSendMeetingCancellationsRequired")
    mailbox = request.mailbox
    key = node.get("ChangeKey")
    if key and key != item.change_key and len(key) < 40:
        raise EwsError("ErrorInvalidChangeKey")
    if send != "SendToNone" and item.attendees:
        request.world.mail("cancellation", mailbox, item.fields.get("Subject", ""), [one["address"] for one in item.attendees])
    if parts := split_occurrence_id(item.id):
        master = mailbox.items[parts[0]]
        master.fields["DeletedIndexes"] = [*master.fields.get("DeletedIndexes", ()), parts[1]]
        master.fields.get("Exceptions", {}).pop(str(parts[1]), None)
        mailbox.changed(master, master.start, request.client_id)
        return
    mailbox.remove(item, request.client_id, keep=how == "MoveToDeletedItems" and item.id in mailbox.items)


def delete_item(request: Request) -> list[str]:
    """One message for each id."""
    how, send = request.body.get("DeleteType"), request.body.get("SendMeetingCancellations")
    messages = []
    for index, node in enumerate(request.body.children[0]):
        try:
            request.check(index)
            _delete(request, node, how, send)
            messages.append(success("DeleteItemResponseMessage", ""))
        except EwsError as failure:
            messages.append(error("DeleteItemResponseMessage", failure))
    return messages
