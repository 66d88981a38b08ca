"""A mailbox's order by start is right, whatever was added, moved and removed."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.items import Item
from timetable_sync.sandbox.mailbox import Mailbox

_HOURS = st.integers(0, 60)
_ADD = st.tuples(st.just("add"), _HOURS, st.integers(0, 30))
_MOVE = st.tuples(st.just("move"), st.integers(0, 50), _HOURS)
_REMOVE = st.tuples(st.just("remove"), st.integers(0, 50), st.booleans())


def _overlap(items: list[Item], start: int, end: int) -> list[str]:
    found = [one for one in items if one.start < end and (one.end > start or one.start == start)]
    return [one.id for one in sorted(found, key=lambda one: (one.start, one.number))]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.one_of(_ADD, _MOVE, _REMOVE), max_size=40), _HOURS, st.integers(0, 30))
def test_a_view_shows_what_a_look_at_every_item_shows(steps: list[tuple[str, int, int]], begin: int, length: int) -> None:
    mailbox = Mailbox("a@example.ac.uk", "group", Clock())
    for what, one, other in steps:
        items = list(mailbox)
        if what == "add":
            mailbox.add(mailbox.new_item(one, one + other, {}), "test")
        elif items and what == "move":
            item = items[one % len(items)]
            old, item.start, item.end = item.start, other, other + item.end - item.start
            mailbox.changed(item, old, "test")
        elif items:
            mailbox.remove(items[one % len(items)], "test", keep=bool(other))
    expected = _overlap(list(mailbox), begin, begin + length)
    assert [one.id for one in mailbox.overlapping(begin, begin + length)] == expected
    again = Mailbox.from_json(json.loads(mailbox.as_json()), Clock())
    assert [one.id for one in again.overlapping(begin, begin + length)] == expected
    assert again.as_json() == mailbox.as_json()


def test_change_keys_and_ids_are_never_given_twice() -> None:
    mailbox = Mailbox("a@example.ac.uk", "group", Clock())
    keys, ids = set(), set()
    for number in range(50):
        item = mailbox.add(mailbox.new_item(number, number + 1, {}), "test")
        keys.add(item.change_key)
        ids.add(item.id)
        mailbox.changed(item, item.start, "test")
        keys.add(item.change_key)
        mailbox.remove(item, "test", keep=True)
        keys.add(item.change_key)
        ids.add(item.id)
    assert (len(keys), len(ids)) == (150, 100)
