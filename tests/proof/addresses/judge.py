"""What must be true after each night, whatever addresses lead to: by what stands in mailboxes, and of what was said the failures alone."""

from collections import Counter
from collections.abc import Iterator

from tests.proof.addresses.scene import Lessons, Night, begins
from tests.proof.figures import Finding, Wrong
from tests.proof.years.seen import Seen
from timetable_sync.reports.summary import Status

LOOKED_FOR = (
    Wrong.DUPLICATE,
    Wrong.WRONG_DELETE,
    Wrong.DELETED_FOR_GOOD,
    Wrong.FOREIGN_CHANGED,
    Wrong.WRONG_CONTENT,
    Wrong.MADE_ANEW,
    Wrong.MAIL,
    Wrong.NOT_CONVERGED,
    Wrong.SAID,
)

#: Of a calendar whose night is through.
WRITTEN = (Status.UNCHANGED, Status.CHANGED)


def judged(night: Night) -> Iterator[Finding]:
    """All that was wrong with it."""
    if night.mails:
        yield Finding(Wrong.MAIL, f"{night.mails} mails")
    if night.summary.failure is not None or night.summary.cut_short:
        yield Finding(Wrong.SAID, f"the night was ended: {night.summary.failure or night.summary.cut_short}")
    for mailbox in night.before.events:
        yield from _harm(night, mailbox)
        modules = wanted_in(night, mailbox)
        if len(modules) == 1:
            yield from _of_one(night, mailbox, modules[0])
        elif modules:
            yield from _of_several(night, mailbox, modules)
        elif _made(night, mailbox) or _changed(night, mailbox):
            yield Finding(Wrong.WRONG_CONTENT, f"{mailbox}, which the timetable does not name, was written to")
    for module, lost in _nowhere_any_more(night).items():
        if not _is_known_and_not_written(night, module):
            yield Finding(Wrong.WRONG_DELETE, f"{lost} of {module}, named {night.named[module]}, stand nowhere any more")


def wanted_in(night: Night, mailbox: str) -> list[str]:
    """The modules of which the timetable names an address that leads to this mailbox."""
    return [module for module, address in night.named.items() if night.leads.get(address.lower()) == mailbox]


def not_right(night: Night) -> Iterator[str]:
    """What does not stand once where the timetable wants it, in words, after this night."""
    for module in night.lessons:
        mailbox = night.leads[night.named[module].lower()]
        if (stands := _ours(night.after.events[mailbox])) != (ought := _ought(night.lessons[module])):
            yield f"in {mailbox} stand {stands}, and the timetable has {ought}"


def _harm(night: Night, mailbox: str) -> Iterator[Finding]:
    """What may never be, whoever wants what."""
    before, after = night.before.events[mailbox], night.after.events[mailbox]
    if [one for one in before if one.key is None] != [one for one in after if one.key is None]:
        yield Finding(Wrong.FOREIGN_CHANGED, f"in {mailbox}")
    gone = {one.id for one in before} - {one.id for one in after}
    if (kept := night.after.deleted[mailbox] - night.before.deleted[mailbox]) != len(gone):
        yield Finding(Wrong.DELETED_FOR_GOOD, f"in {mailbox} {len(gone)} are gone, {kept} came to Deleted Items")
    stood, stand = Counter(_activity(one) for one in before if one.key), Counter(_activity(one) for one in after if one.key)
    if doubled := sorted(one for one, many in stand.items() if many > max(1, stood[one])):
        yield Finding(Wrong.DUPLICATE, f"in {mailbox} of {doubled}")
    if mailbox in night.anew and gone:
        yield Finding(Wrong.WRONG_DELETE, f"in {mailbox}, which was made anew")
    if night.asked.dry_run and (night.written[mailbox] or before != after):
        yield Finding(Wrong.WRONG_CONTENT, f"a dry run wrote to {mailbox}")


def _of_one(night: Night, mailbox: str, module: str) -> Iterator[Finding]:
    """A mailbox that is one module's calendar."""
    ought = _ought(night.lessons[module])
    stood, stands = _ours(night.before.events[mailbox]), _ours(night.after.events[mailbox])
    if stood == ought and (night.written[mailbox] or night.before.events[mailbox] != night.after.events[mailbox]):
        kind = Wrong.WRONG_DELETE if ought - stands else Wrong.MADE_ANEW if _made(night, mailbox) else Wrong.WRONG_CONTENT
        yield Finding(kind, f"{mailbox} was right, and was written to")
    lost = {what[0] for what in stood} & {what[0] for what in ought} - {what[0] for what in stands}
    if lost:
        yield Finding(Wrong.WRONG_DELETE, f"{sorted(lost)} of {module} in {mailbox}")
    status = _status(night, module)
    everything = not night.asked.modules and not night.asked.ailing
    if status is Status.FAILED and everything:
        yield Finding(Wrong.SAID, f"{module} in {mailbox} failed, though the timetable names no other address of it")
    if status is None and everything and not night.summary.held:
        yield Finding(Wrong.SAID, f"{module} in {mailbox} is not reported")
    if status in WRITTEN and not night.summary.held and not night.asked.dry_run:
        staying = {one for other, lessons in night.lessons.items() if _status(night, other) not in WRITTEN for one in lessons}
        too_much = {what: many for what, many in (stands - ought).items() if what[0] not in staying}
        lacking = dict(ought - stands)
        if lacking or too_much:
            what = f"of {module} in {mailbox}, not reported as failed or held, lack {lacking}, are too much {too_much}"
            yield Finding(Wrong.NOT_CONVERGED, what)


def _of_several(night: Night, mailbox: str, modules: list[str]) -> Iterator[Finding]:
    """A mailbox that the timetable names by several addresses. In a run for some of them, or where one fails, that may not be known."""
    if night.asked.modules or night.asked.ailing or len({night.named[module].lower() for module in modules}) < 2:
        return
    if night.written[mailbox] or night.before.events[mailbox] != night.after.events[mailbox]:
        yield Finding(Wrong.WRONG_CONTENT, f"{mailbox}, which is named by several addresses, was written to")
    for module in modules:
        if _status(night, module) is not Status.FAILED or not any(
            night.named[other].lower() in _trouble(night, module).lower() for other in modules if other != module
        ):
            yield Finding(Wrong.SAID, f"{module} did not fail by the name of the others in {mailbox}: {_trouble(night, module)}")


def held(night: Night) -> bool:
    """Whether a guard holds anything."""
    return bool(night.summary.held) or any(one.status is Status.HELD for one in night.summary.calendars)


def waiting(night: Night) -> list[str]:
    """The modules with lessons that stand nowhere until a calendar can be written that is held, not asked for, or known and failed."""
    return [module for module in _nowhere_any_more(night) if _is_known_and_not_written(night, module)]


def _is_known_and_not_written(night: Night, module: str) -> bool:
    not_asked = bool(night.asked.modules) and module not in night.asked.modules
    status = _status(night, module)
    return (
        not_asked
        or bool(night.summary.held)
        or status is Status.HELD
        or (status is Status.FAILED and night.named[module].lower() in night.known)
    )


def _nowhere_any_more(night: Night) -> dict[str, list[int]]:
    """By module, the lessons that stood somewhere, are wanted, and stand nowhere."""
    stood = {_activity(one) for events in night.before.events.values() for one in events if one.key}
    stands = {_activity(one) for events in night.after.events.values() for one in events if one.key}
    lost = {module: sorted((stood - stands) & lessons.keys()) for module, lessons in night.lessons.items()}
    return {module: those for module, those in lost.items() if those}


def _made(night: Night, mailbox: str) -> bool:
    return bool({one.id for one in night.after.events[mailbox]} - {one.id for one in night.before.events[mailbox]})


def _changed(night: Night, mailbox: str) -> bool:
    before = {one.id: one for one in night.before.events[mailbox]}
    return any(before.get(one.id, one) != one for one in night.after.events[mailbox])


def _status(night: Night, module: str) -> Status | None:
    return next((one.status for one in night.summary.calendars if one.calendar.address.lower() == night.named[module].lower()), None)


def _trouble(night: Night, module: str) -> str:
    reports = [one for one in night.summary.calendars if one.calendar.address.lower() == night.named[module].lower()]
    return "; ".join(one.trouble.message for one in reports if one.trouble)


def _activity(one: Seen) -> int:
    return int(one.key[0]) if one.key else 0


def _ours(events: list[Seen]) -> Counter[tuple[int, str, str]]:
    return Counter((_activity(one), one.content.subject, f"{one.start:%Y-%m-%d %H:%M}") for one in events if one.key)


def _ought(lessons: Lessons) -> Counter[tuple[int, str, str]]:
    return Counter((activity, title, f"{begins(activity):%Y-%m-%d %H:%M}") for activity, title in lessons.items())
