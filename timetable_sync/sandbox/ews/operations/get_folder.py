"""GetFolder: the calendar (or Deleted Items, or the root) with its counts and its stamps."""

from datetime import UTC, datetime

from timetable_sync.sandbox.ews.answers import EwsError, error, success
from timetable_sync.sandbox.ews.paths import Path, read_path
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.request import Request

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
