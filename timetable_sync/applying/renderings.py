"""How a service shows bodies that it does not show as they were written, so that nobody's edit is seen in them night after night."""

from collections.abc import Iterable, Mapping

from timetable_sync.applying.patience import Patience
from timetable_sync.calendars.contract import Backend, Outcome
from timetable_sync.model.change import Update
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.planning.body_match import rendering_of


def renderings(backend: Backend, plan: CalendarPlan, outcomes: Iterable[Outcome], patience: Patience) -> Mapping[str, str]:
    """The digests of those bodies of ``plan``, by key, that were put back a moment ago and read just as they did before.

    That is no edit: whoever had made one would have had to make it again since. Reads the bodies that were put back, if there are any.
    Raises what :meth:`Patience.call` does.
    """
    written = {
        outcome.change.key: (outcome.change.after, outcome.change.before.item)
        for outcome in outcomes
        if outcome.error is None and isinstance(outcome.change, Update) and outcome.change.key in plan.overwritten
    }
    if not written:
        return {}
    bodies = patience.call(lambda: backend.read_bodies(plan.calendar, [item for _, item in written.values()]))
    return {
        key: plan.overwritten[key]
        for key, (event, item) in written.items()
        if item.id in bodies
        and event.body is not None
        and rendering_of(event.body, event.body_kind, bodies[item.id]) == plan.overwritten[key]
    }
