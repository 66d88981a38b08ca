"""What every operation is handed: whom it acts for, in which zone, the world it acts on, and which properties are wanted of items.

Each distinct wish for properties has a number, so that finished fragments can be found again.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.property_paths import Path, read_path
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.rendering import BASE_SHAPES, Shape, can_render
from timetable_sync.sandbox.ews.responses import EwsError
from timetable_sync.sandbox.items import Item, occurrence_id, split_occurrence_id, well_formed
from timetable_sync.sandbox.mailbox import Mailbox
from timetable_sync.sandbox.world import World


@dataclass(slots=True)
class Request:
    """A request that may be carried out.

    ``item_errors`` are what the n-th item (from 0) is to be answered with, as faults on demand want it (-1: every item);
    ``missing`` the items that no answer is to be given for; ``page`` the most items that a page may have today.
    """

    world: World
    mailbox: Mailbox
    client_id: str
    body: Node
    zone: ZoneInfo | None = None
    zone_name: str = ""
    milliseconds: bool = False
    item_errors: dict[int, EwsError] = field(default_factory=dict)
    missing: frozenset[int] = frozenset()
    page: int | None = None

    @property
    def operation(self) -> str:
        """Its name, CreateItem and the like."""
        return self.body.name

    def check(self, index: int) -> None:
        """Raise the error that the item with this number is to meet, if any."""
        if self.item_errors and (failure := self.item_errors.get(index) or self.item_errors.get(-1)):
            raise failure

    def folder(self, node: Node) -> str:
        """Which folder is meant: "calendar" or "deleteditems"; raises EwsError where there is none such or it is another's."""
        if node.name == "DistinguishedFolderId":
            address = node.value("Mailbox", "EmailAddress")
            if address and (named := self.world.mailbox(address)) is not self.mailbox:
                raise EwsError("ErrorAccessDenied" if named else "ErrorNonExistentMailbox")
            name = node.get("Id")
            if name in ("calendar", "deleteditems", "msgfolderroot", "root"):
                return "root" if name == "msgfolderroot" else name
            raise EwsError("ErrorFolderNotFound")
        ids = self.mailbox.ids
        names = {ids.calendar: "calendar", ids.deleted: "deleteditems", ids.root: "root"}
        found = names.get(node.get("Id"))
        if found is None:
            raise EwsError("ErrorFolderNotFound" if len(node.get("Id")) > 60 else "ErrorInvalidIdMalformed")
        return found

    def item(self, node: Node) -> Item:
        """The item that an ItemId (or its cousins) names; raises EwsError where it is malformed or gone."""
        if node.name == "OccurrenceItemId":
            wanted = occurrence_id(node.get("RecurringMasterId"), max(0, int(node.get("InstanceIndex"))))
        elif node.name == "RecurringMasterItemId":
            found = split_occurrence_id(node.get("OccurrenceId"))
            if found is None:
                raise EwsError("ErrorCalendarCannotUseIdForRecurringMasterId", "The id does not belong to an occurrence.")
            wanted = found[0]
        else:
            wanted = node.get("Id")
        if not wanted:
            raise EwsError("ErrorInvalidIdEmpty", "Id must be non-empty.")
        item = self.mailbox.find(wanted)
        if item is None:
            raise EwsError("ErrorItemNotFound" if well_formed(wanted) else "ErrorInvalidIdMalformed")
        return item


_SCHEMES = ("item", "calendar")
_numbers: dict[tuple[object, ...], int] = {}


def _element(path: Path) -> str:
    scheme, _, name = path.field.partition(":")
    if scheme == "folder":
        raise EwsError("ErrorInvalidPropertyRequest", "Property is not valid for this object type.", xml=path.xml)
    return name if scheme in _SCHEMES else ""


def item_shape(node: Node, *, finding: bool, zone: ZoneInfo | None) -> Shape:
    """The shape that an ItemShape element asks for; raises EwsError for a property that items never have."""
    names = set(BASE_SHAPES[node.value("BaseShape") or "IdOnly"])
    extended: list[Path] = []
    for child in node.find("AdditionalProperties") or ():
        path = read_path(child)
        if path.extended is not None:
            extended.append(path)
        elif can_render(name := _element(path)):
            names.add(name)
    if extended:
        names.add("ExtendedProperty")
    names.add("ItemId")
    body = node.value("BodyType") or "Best"
    key = (frozenset(names), tuple(extended), finding, body, zone.key if zone else "")
    number = _numbers.setdefault(key, len(_numbers))
    return Shape(frozenset(names), tuple(extended), finding, body, zone, number)
