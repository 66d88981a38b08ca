"""What comes of a plan once the bodies in question have been read. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.plan import BodyToCheck, CalendarPlan, Skipped, SkipReason
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.planning.body_match import rendering_of
from timetable_sync.planning.compare import Draft, Rules, absent, edited_why, entry_of, is_known, leave_copy, sync_ledger, update_outdated
from timetable_sync.planning.diff import differences
from timetable_sync.planning.ownership import Unreadable, says, unchanged, written_body


def settle_bodies(plan: CalendarPlan, bodies: Mapping[str, str], rules: Rules) -> CalendarPlan:
    """The plan once the bodies in question have been read (plain text, by item id): none is left to check.

    An item that is not in ``bodies`` vanished since the snapshot was taken; it is left to the next night.
    """
    if not plan.bodies:
        return plan
    draft = Draft(list(plan.changes), list(plan.left_alone), record={entry.key: entry for entry in plan.record}, unchanged=plan.unchanged)
    duplicates: dict[str, list[BodyToCheck]] = {}
    for check in plan.bodies:
        if check.delete is Reason.DUPLICATE:
            duplicates.setdefault(check.standing.marker.key, []).append(check)
    settled = set[str]()
    for check in plan.bodies:
        if check.delete is None and check.event is not None:
            settled |= _settle_present(draft, check, check.event, duplicates.get(check.event.key, ()), bodies, rules)
    for check in plan.bodies:
        if check.delete is not None and check.standing.item.id not in settled:
            _settle_delete(draft, check, check.delete, bodies.get(check.standing.item.id), rules)
    there = {change.before.marker.key for change in draft.changes if not isinstance(change, Create)}
    there.update(left.key for left in draft.left_alone if left.why is not SkipReason.COPY and left.before is not None)
    gone = draft.gone - there
    return replace(
        plan,
        standing=plan.standing - len(gone),
        foreign=plan.foreign + sum(draft.copies.values()),
        unchanged=draft.unchanged,
        changes=tuple(sorted(draft.changes, key=lambda change: (change.when, change.key))),
        left_alone=tuple(draft.left_alone),
        record=tuple(draft.record.values()),
        bodies=(),
        overwritten=draft.overwritten,
        forget=(
            *plan.forget,
            *sorted(gone.intersection(one.known.key for one in plan.bodies if one.event is None and one.known is not None)),
        ),
    )


def _settle_delete(draft: Draft, check: BodyToCheck, why: Reason, body: str | None, rules: Rules) -> None:
    there = check.standing
    if body is None:
        return
    rendering = check.known.body if check.known is not None else None
    if not unchanged(there, check.event, rules.zones(check.event), body, rendering):
        leave_copy(draft, there, check.event)
        if why is not Reason.DUPLICATE:
            draft.gone.add(there.marker.key)
        return
    if why is not Reason.DUPLICATE:
        sync_ledger(draft, there, check.known)
    draft.changes.append(Delete(there, why))


def _settle_outdated(draft: Draft, there: RemoteEvent, event: Event, body: str | None, rules: Rules) -> None:
    """The timetable has changed since, and no record tells whether it is ours: it is if it says what its mark says."""
    if body is not None and written_body(there, body):
        update_outdated(draft, there, event, None, rules)
    elif body is not None:
        draft.left_alone.append(Skipped(event.key, SkipReason.UNRECORDED, there, event))


def _settle_edited(draft: Draft, check: BodyToCheck, event: Event, expected: str, body: str, rules: Rules) -> None:
    """It is ours, and its body is not the ``expected`` one: somebody edited it, or the service shows it in a way of its own."""
    if rules.edited == "restore":
        draft.changes.append(Update(check.standing, event, check.marker, Reason.EDITED))
        draft.overwritten[event.key] = rendering_of(expected, event.body_kind, body)
    else:
        draft.left_alone.append(Skipped(event.key, edited_why(rules), check.standing, event))


def _settle_present(
    draft: Draft, check: BodyToCheck, event: Event, others: Sequence[BodyToCheck], bodies: Mapping[str, str], rules: Rules
) -> frozenset[str]:
    """Gives the ids of those of the ``others`` with its key about which nothing is left to say."""
    there, known = check.standing, check.known
    body = bodies.get(there.item.id)
    if there.marker.fingerprint != event.fingerprint():
        _settle_outdated(draft, there, event, body, rules)
    elif body is None or event.body is None or says(body, event, known.body if known is not None else None):
        draft.unchanged += 1
        if body is not None:
            draft.record[event.key] = entry_of(there, rules.mapping)
    elif is_known(there, known):
        _settle_edited(draft, check, event, event.body, body, rules)
    else:
        for other in others:
            text = bodies.get(other.standing.item.id)
            if text is not None and not differences(event, other.standing) and says(text, event):
                # Then that one is ours.
                leave_copy(draft, there, event)
                draft.unchanged += 1
                draft.record[event.key] = entry_of(other.standing, rules.mapping)
                return frozenset((other.standing.item.id,))
        if known is None and there.marker.shown and written_body(there, body):
            # Its words are those that were written: what else differs may be how the service shows it.
            sync_ledger(draft, there, known)
            _settle_edited(draft, check, event, event.body, body, rules)
        elif known is None:
            draft.left_alone.append(Skipped(event.key, SkipReason.UNRECORDED, there, event))
        else:
            leave_copy(draft, there, event)
            draft.gone.add(event.key)
            absent(draft, event, known, rules, Unreadable((), {}, rules.source))
    return frozenset()
