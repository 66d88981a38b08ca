"""Restrictions and sort orders: which items of a folder a search keeps, and how they stand. Writes nothing."""

from collections.abc import Callable
from typing import Any

from timetable_sync.sandbox.ews.property_paths import Path, path_in, read_path, seconds
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.rendering import extended_value
from timetable_sync.sandbox.ews.responses import EwsError
from timetable_sync.sandbox.items import Item

Test = Callable[[Item], bool]

_PATHS = ("FieldURI", "IndexedFieldURI", "ExtendedFieldURI")
_MOMENTS: dict[str, Callable[[Item], int]] = {
    "calendar:Start": lambda item: item.start,
    "calendar:End": lambda item: item.end,
    "item:DateTimeCreated": lambda item: item.created,
    "item:DateTimeReceived": lambda item: item.created,
    "item:LastModifiedTime": lambda item: item.modified,
}
_SEARCHABLE = (
    "item:Subject item:ItemClass item:Sensitivity item:Importance item:ReminderIsSet item:ReminderMinutesBeforeStart item:Body "
    "item:Categories calendar:Location calendar:IsAllDayEvent calendar:LegacyFreeBusyStatus calendar:UID calendar:IsCancelled"
)
_FIELDS = frozenset(_SEARCHABLE.split())
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": lambda one, other: bool(one == other),
    "IsNotEqualTo": lambda one, other: bool(one != other),
    "IsGreaterThan": lambda one, other: bool(one > other),
    "IsGreaterThanOrEqualTo": lambda one, other: bool(one >= other),
    "IsLessThan": lambda one, other: bool(one < other),
    "IsLessThanOrEqualTo": lambda one, other: bool(one <= other),
}


def _reader(path: Path) -> Callable[[Item], Any]:
    """How to look a property up on an item; None where the item has none."""
    if path.extended is not None:
        return lambda item: extended_value(item, path)
    if path.field in _MOMENTS:
        return _MOMENTS[path.field]
    if path.field in _FIELDS:
        name = path.field.partition(":")[2]
        return lambda item: item.get(name)
    raise EwsError("ErrorUnsupportedPathForQuery", "The property can not be used with this type of restriction.", xml=path.xml)


def _typed(written: str, path: Path) -> Any:
    """A constant as a value of the property's own kind."""
    form = path.extended[2] if path.extended is not None else ""
    try:
        if path.field in _MOMENTS or form == "SystemTime":
            return seconds(written, None) if path.field in _MOMENTS else written
        if form in ("Integer", "Short", "Long") or path.field == "item:ReminderMinutesBeforeStart":
            return int(written)
    except (ValueError, EwsError):
        raise EwsError(
            "ErrorInvalidValueForFilter" if path.extended else "ErrorInvalidRestriction", "The restriction's value is of another type."
        ) from None
    if path.field in ("item:ReminderIsSet", "calendar:IsAllDayEvent", "calendar:IsCancelled"):
        return written in ("true", "1")
    return written


def _folded(value: Any, form: str) -> Any:
    if isinstance(value, list):
        return value
    if form in ("Integer", "Short", "Long") and value is not None:
        return int(value)
    # Exchange compares text without regard to case.
    return value.casefold() if isinstance(value, str) else value


def _two_operands(node: Node) -> Test:
    path = path_in(node)
    look, compare = _reader(path), _COMPARE[node.name]
    operand = node.children[1].children[0]
    form = path.extended[2] if path.extended is not None else ""
    if operand.name in _PATHS:
        other = _reader(read_path(operand))
        return lambda item: _compared(compare, _folded(look(item), form), _folded(other(item), form))
    constant = _folded(_typed(operand.get("Value"), path), form)
    return lambda item: _compared(compare, _folded(look(item), form), constant)


def _compared(compare: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    if isinstance(one, list):
        return any(compare(_folded(each, ""), other) for each in one)
    return type(one) is type(other) and compare(one, other)


def _contains(node: Node) -> Test:
    path = path_in(node)
    look = _reader(path)
    if path.field in _MOMENTS:
        raise EwsError("ErrorContainsFilterWrongType", "The Contains filter can only be used for string properties.", xml=path.xml)
    constant = node.children[1].get("Value")
    mode = node.get("ContainmentMode", "FullString")
    exact = node.get("ContainmentComparison", "Exact") == "Exact"
    if not exact:
        constant = constant.casefold()

    def one(value: str) -> bool:
        value = value if exact else value.casefold()
        if mode == "FullString":
            return value == constant
        if mode == "Prefixed":
            return value.startswith(constant)
        if mode == "PrefixOnWords":
            return any(word.startswith(constant) for word in value.split())
        return constant in value

    def test(item: Item) -> bool:
        value = look(item)
        if value is None:
            return False
        return any(one(each) for each in value) if isinstance(value, list) else one(str(value))

    return test


def read_search(node: Node) -> Test:
    """The test that a search expression stands for; raises EwsError where Exchange does not take it."""
    if node.name in ("And", "Or"):
        tests = [read_search(child) for child in node]
        return (lambda item: all(test(item) for test in tests)) if node.name == "And" else (lambda item: any(test(item) for test in tests))
    if node.name == "Not":
        inner = read_search(node.children[0])
        return lambda item: not inner(item)
    if node.name == "Exists":
        path = path_in(node)
        if path.extended is None:
            _reader(path)
        look = _reader(path)
        return lambda item: look(item) is not None
    if node.name == "Contains":
        return _contains(node)
    if node.name in _COMPARE:
        return _two_operands(node)
    raise EwsError("ErrorUnsupportedQueryFilter", f"The sandbox has no filter {node.name}.")


def read_order(node: Node) -> list[tuple[Callable[[Item], Any], bool]]:
    """Sort keys, first one first, each with whether it descends."""
    return [(_reader(path_in(order)), order.get("Order") == "Descending") for order in node]


def sort(items: list[Item], order: list[tuple[Callable[[Item], Any], bool]]) -> list[Item]:
    """Items in that order; those without a property come first, as in Exchange."""
    for look, descending in reversed(order):
        items = sorted(items, key=lambda item: _sortable(look(item)), reverse=descending)
    return items


def _sortable(value: Any) -> tuple[int, float, str]:
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, (bool, int, float)):
        return 1, float(value), ""
    return 1, 0.0, str(value).casefold()
