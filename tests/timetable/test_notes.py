"""Sentences for the report."""

from collections import Counter

from timetable_sync.timetable.rejected_rows import notes_of


def test_nothing_is_worth_knowing_of_an_ordinary_reading() -> None:
    assert notes_of(Counter(), Counter(), {"a@x.uk": {"A"}}, "") == ()


def test_each_oddity_is_one_sentence_with_its_number() -> None:
    names = {"a@x.uk": {"A", "a"}, "b@x.uk": {"B"}, "c@x.uk": {f"C{number}" for number in range(9)}}
    taken = "the first by the alphabet was taken (many = true would collect them, for {{ "
    assert notes_of(Counter(title=1, type=3), Counter(subject=1, body=2), names, "read without a snapshot") == (
        "read without a snapshot",
        f"the rows of one lesson differ in title; {taken}title | join(', ') }}}})",
        f"in 3 lessons the rows differ in type; {taken}type | join(', ') }}}})",
        "2 events with a body that is too long: it was cut",
        "1 event with a subject that is too long: it was cut",
        "a@x.uk is the calendar of A and a: they are one calendar",
        "c@x.uk is the calendar of C0, C1, C2, C3, C4 and 4 more: they are one calendar",
    )


def test_many_shared_addresses_are_counted_and_not_listed() -> None:
    notes = notes_of(Counter(), Counter(), {f"{number}@x.uk": {"A", "B"} for number in range(30)}, "")
    assert len(notes) == 6
    assert notes[-1] == "25 more addresses are the calendar of several names"
