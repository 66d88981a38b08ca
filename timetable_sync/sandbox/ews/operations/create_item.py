"""CreateItem: new items in a calendar."""

from timetable_sync.sandbox.ews.answers import EwsError, error, success
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ews.writing import Draft
from timetable_sync.sandbox.items import Item


def _create(request: Request, node: Node, send: str) -> Item:
    if node.name != "CalendarItem":
        raise EwsError("ErrorInvalidItemForOperationCreateItem", "The sandbox creates calendar items only.")
    if not send:
        raise EwsError("ErrorSendMeetingInvitationsRequired")
    draft = Draft(request.zone)
    for child in node:
        draft.read(child)
    if request.zone_name:
        draft.fields.setdefault("StartTimeZone", request.zone_name)
        draft.fields.setdefault("EndTimeZone", draft.fields["StartTimeZone"])
    start, end = draft.finish()
    mailbox = request.mailbox
    item = mailbox.new_item(start, end, draft.fields)
    item.extended = draft.extended
    if send != "SendToNone" and item.attendees:
        item.fields["MeetingRequestWasSent"] = True
        request.world.mail("invitation", mailbox, item.fields.get("Subject", ""), [one["address"] for one in item.attendees])
    return mailbox.add(item, request.client_id)


def create_item(request: Request) -> list[str]:
    """One message for each item; a folder that is none, or no calendar, refuses them all."""
    saved = request.body.find("SavedItemFolderId")
    send = request.body.get("SendMeetingInvitations")
    refusal = None
    try:
        folder = request.folder(saved.children[0]) if saved is not None else "calendar"
        if folder != "calendar":
            refusal = EwsError(
                "ErrorCannotCreateCalendarItemInNonCalendarFolder", "Cannot create a calendar item in a non-calendar folder."
            )
    except EwsError as failure:
        refusal = failure
    messages = []
    for index, node in enumerate(request.body.find("Items") or ()):
        try:
            if refusal is not None:
                raise refusal
            request.check(index)
            item = _create(request, node, send)
            content = f'<t:CalendarItem><t:ItemId Id="{item.id}" ChangeKey="{item.change_key}"/></t:CalendarItem>'
            messages.append(success("CreateItemResponseMessage", f"<m:Items>{content}</m:Items>"))
        except EwsError as failure:
            messages.append(error("CreateItemResponseMessage", failure, "<m:Items/>"))
    return messages
