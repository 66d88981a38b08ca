"""Reads which properties a request wants of items. Numbers each distinct wish, so that finished fragments can be found again."""

from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.answers import EwsError
from timetable_sync.sandbox.ews.paths import Path, read_path
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.rendering import BASE_SHAPES, Shape, can_render

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
