"""CreateItem, UpdateItem and DeleteItem: new items, changes guarded by change keys, and items to Deleted Items or gone for good.

How conflicts are settled: https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/updateitem-operation
"""

import copy

from timetable_sync.sandbox.ews.property_paths import path_in
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.request import Request
from timetable_sync.sandbox.ews.responses import EwsError, error, success
from timetable_sync.sandbox.ews.writing import Draft
from timetable_sync.sandbox.items import Item, split_occurrence_id


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


_CHANGE_KEY_LENGTH = 40


def _conflicts(item: Item, key: str, resolution: str) -> int:
    if not key:
        if resolution == "AlwaysOverwrite":
            return 0
        raise EwsError("ErrorChangeKeyRequired")
    if key == item.change_key:
        return 0
    if len(key) != len(item.change_key) or key[: _CHANGE_KEY_LENGTH // 2] != item.change_key[: _CHANGE_KEY_LENGTH // 2]:
        raise EwsError("ErrorInvalidChangeKey")
    if resolution == "NeverOverwrite":
        raise EwsError("ErrorIrresolvableConflict")
    return 1


def _apply(draft: Draft, update: Node) -> None:
    path = path_in(update)
    if update.name == "DeleteItemField":
        draft.remove(path)
        return
    holder = update.children[1]
    if holder.name not in ("CalendarItem", "Item"):
        raise EwsError("ErrorUpdatePropertyMismatch", "The element does not match the item's type.", xml=path.xml)
    if len(holder.children) != 1:
        raise EwsError(
            "ErrorIncorrectUpdatePropertyCount", "An object within a change description must contain one and only one property to modify."
        )
    node = holder.children[0]
    named = "ExtendedProperty" if path.extended is not None else path.field.partition(":")[2]
    same = node.name == named
    if same and path.extended is not None:
        same = path_in(node).extended == path.extended
    if not same:
        raise EwsError("ErrorUpdatePropertyMismatch", "Property passed in does not match the property path.", xml=path.xml)
    if update.name == "AppendToItemField":
        draft.append(node)
    else:
        draft.read(node)


def _update(request: Request, change: Node, resolution: str, send: str) -> tuple[Item, int]:
    mailbox = request.mailbox
    item = request.item(change.children[0])
    if not send:
        raise EwsError("ErrorSendMeetingInvitationsOrCancellationsRequired")
    if item.id in mailbox.deleted:
        raise EwsError("ErrorCalendarCannotUpdateDeletedItem", "A deleted item cannot be updated.")
    conflicts = _conflicts(item, change.children[0].get("ChangeKey"), resolution)
    draft = Draft(request.zone, copy.deepcopy(item.fields))
    draft.extended = dict(item.extended)
    draft.start, draft.end = item.start, item.end
    for update in change.find("Updates") or ():
        _apply(draft, update)
    start, end = draft.finish()
    before = {one["address"] for one in item.attendees}
    if parts := split_occurrence_id(item.id):
        master = mailbox.items[parts[0]]
        changed = {name: value for name, value in draft.fields.items() if value != master.fields.get(name)}
        changed.pop("OriginalStart", None)
        changed.pop("CalendarItemType", None)
        master.fields.setdefault("Exceptions", {})[str(parts[1])] = {**changed, "start": start, "end": end}
        mailbox.changed(master, master.start, request.client_id)
        item = request.item(change.children[0])
    else:
        old = item.start
        item.start, item.end, item.fields, item.extended = start, end, draft.fields, draft.extended
        mailbox.changed(item, old, request.client_id)
    if send != "SendToNone" and (before or item.attendees):
        people = before | {one["address"] for one in item.attendees}
        request.world.mail("update", mailbox, item.fields.get("Subject", ""), sorted(people))
    return item, conflicts


def update_item(request: Request) -> list[str]:
    """One message for each change."""
    resolution = request.body.get("ConflictResolution")
    send = request.body.get("SendMeetingInvitationsOrCancellations")
    messages = []
    for index, change in enumerate(request.body.find("ItemChanges") or ()):
        try:
            request.check(index)
            item, conflicts = _update(request, change, resolution, send)
            content = f'<t:CalendarItem><t:ItemId Id="{item.id}" ChangeKey="{item.change_key}"/></t:CalendarItem>'
            messages.append(
                success(
                    "UpdateItemResponseMessage",
                    f"<m:Items>{content}</m:Items><m:ConflictResults><t:Count>{conflicts}</t:Count></m:ConflictResults>",
                )
            )
        except EwsError as failure:
            messages.append(error("UpdateItemResponseMessage", failure, "<m:Items/>"))
    return messages


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
