"""Nights against an Exchange written from the schemas and the documentation alone, in all the ways that these leave open."""

import pytest

from tests.calendars.ews.conftest import Opening
from tests.calendars.ews.other_exchange.habits import ON_PREMISES_2016, ON_PREMISES_2019, Habits, with_fraction, with_offset, without_zone
from tests.calendars.ews.other_nights import CHANGED, LOGIC, PHYSICS, WEEKS, expected, quiet

pytestmark = pytest.mark.shared


def long_id(number: int) -> str:
    """512 characters that differ by case alone, with all that XML has to escape."""
    bits = "".join("Aa"[number >> place & 1] for place in range(16))
    return f"<&>\"'+/{bits}=".ljust(512, "x")


def nothing(_: str) -> str:
    return ""


HABITS = {
    "plain": Habits(),
    "every element names its namespace": Habits(namespaces="default", version=ON_PREMISES_2019),
    "other prefixes, blanks between elements": Habits(namespaces="odd", pretty=True, version=ON_PREMISES_2016),
    "headers, elements and attributes that nobody knows": Habits(unknown=True),
    "empty elements, no total": Habits(empty_elements=True, total=False),
    "fractions of a second": Habits(time=with_fraction),
    "times without zone": Habits(time=without_zone),
    "times of another place": Habits(time=with_offset),
    "texts trimmed": Habits(text=str.strip),
    "blanks behind texts": Habits(text=lambda text: f"{text} \r\n"),
    "the property set in capitals, and other properties": Habits(guid=str.upper, other_properties=True),
    "the property set in braces": Habits(guid=lambda guid: f"{{{guid}}}"),
    "ids that differ by case": Habits(item_id=long_id),
    "versions that settle later": Habits(change_key="settles"),
    "versions that never stay": Habits(change_key="always"),
    "compressed": Habits(encoding="gzip"),
    "in chunks": Habits(encoding="chunked"),
    "compressed, in chunks, and hanging up": Habits(encoding="gzip+chunked", hang_up=3),
    "hanging up each time": Habits(hang_up=1),
    "three at a time, cut": Habits(listing=3),
    "three at a time, refused": Habits(listing=3, beyond="refuse"),
    "the latest first, no time of creation": Habits(reverse=True, created=False),
    "updates that name no item": Habits(names_updated=False),
    "a calendar full of other people's things": Habits(foreigners=True, reverse=True),
    "a group that keeps no reminders": Habits(keeps={"ReminderIsSet": lambda _: "false"}),
    "no private events, no other places to work": Habits(
        keeps={"Sensitivity": lambda _: "Normal", "LegacyFreeBusyStatus": lambda text: "Busy" if text == "WorkingElsewhere" else text}
    ),
    "no categories, short places": Habits(keeps={"Category": nothing, "Location": lambda text: text[:4]}),
    "places with blanks behind semicolons": Habits(keeps={"Location": lambda text: text.replace(";", " ;  ")}),
    "subjects in capitals": Habits(keeps={"Subject": str.upper}),
}


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS.keys())
def test_a_week_of_nights(opening: Opening, habits: Habits) -> None:
    nights = opening(habits)
    foreign = sum(len(mailbox.items) for mailbox in nights.exchange.mailboxes.values())

    def right(meetings: tuple[tuple[str, ...], ...] = WEEKS) -> None:
        found, wanted = nights.standing(), expected(meetings)  # type: ignore[arg-type]  # of meetings
        assert [(*one[:2], one[2].lower()) for one in found] == [(*one[:2], one[2].lower()) for one in wanted]

    first = nights.night()
    assert first.exit_code == 0, [report.trouble for report in first.calendars]
    right()
    quiet(nights)
    quiet(nights)

    nights.timetable(CHANGED)
    assert nights.night().exit_code == 0
    right(CHANGED)
    quiet(nights)

    nights.edit(LOGIC, 0, Subject="I changed this")
    nights.edit(PHYSICS, 0, body="<p>See you all at the pub</p>")
    deleted = nights.exchange.mailboxes[LOGIC].ours[1]
    del nights.exchange.mailboxes[LOGIC].items[deleted.id]
    assert nights.night().exit_code == 0
    right(CHANGED)
    assert "pub" not in nights.exchange.mailboxes[PHYSICS].ours[0].body[0]
    quiet(nights)

    nights.lose_ledger()
    assert nights.night().exit_code == 0
    right(CHANGED)
    quiet(nights)
    assert sum(len(mailbox.items) - len(mailbox.ours) for mailbox in nights.exchange.mailboxes.values()) == foreign
