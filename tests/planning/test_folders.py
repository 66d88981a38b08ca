"""Which folder each address leads to, and what is remembered of it."""

from dataclasses import replace

import pytest

from tests.planning.builders import COMP101, DAY, MONDAY
from timetable_sync.model.visited import Look, Visited
from timetable_sync.planning.folders import learnt

KNOWN = Visited(COMP101, "a folder", MONDAY)


@pytest.mark.parametrize(
    ("before", "look", "after"),
    [
        (None, Look("a folder", MONDAY), KNOWN),
        (None, Look("a folder"), Visited(COMP101, "a folder")),
        (KNOWN, Look("a folder", MONDAY + DAY), replace(KNOWN, seen=MONDAY + DAY)),
        (KNOWN, Look("", MONDAY + DAY), replace(KNOWN, seen=MONDAY + DAY)),
        (KNOWN, Look("a folder"), None),
        (KNOWN, Look(), None),
        (replace(KNOWN, gone_nights=2, gone_last=MONDAY), Look("a folder"), KNOWN),
    ],
    ids=["new", "new and not read", "read again", "by a service that told no id", "nothing new", "nothing at all", "back again"],
)
def test_of_an_address_only_what_is_new_is_kept(before: Visited | None, look: Look, after: Visited | None) -> None:
    known = {} if before is None else {COMP101.address: before}
    assert list(learnt(known, [COMP101], {COMP101.address: look})) == ([] if after is None else [after])
