"""``[window]``, ``[drift]``, ``[guards]``: what may be touched, what is done about people's hands, and what holds a plan."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from timetable_sync.config import validators
from timetable_sync.config.sections.table import Section, Whole
from timetable_sync.config.units import Duration, Share, parse_share, show_share

DriftPolicy = Literal["restore", "keep", "report"]


class WindowSpan(Section):
    """From when to when events are kept right. What starts outside is left as it was."""

    future: Annotated[Duration, AfterValidator(validators.at_most(3653))] = Field(
        timedelta(days=180), description="How far ahead, in days from today; to the end of that day in the timetable's zone."
    )
    past: Annotated[Duration, AfterValidator(validators.at_most(3653))] = Field(
        timedelta(0), description="How far back from the start of the run. What is over stays as it was, unless this is set."
    )


class Drift(Section):
    """What to do when somebody edited or deleted an event of ours."""

    edited: DriftPolicy = Field(
        "restore", description='"restore" writes it back; "keep" leaves it until the timetable changes it; "report" also names it.'
    )
    deleted: DriftPolicy = Field(
        "restore", description='"restore" makes it anew; "keep" leaves it deleted until the timetable changes it; "report" also names it.'
    )


class Limit(Section):
    """How many deletes are let through: a share, but at least and at most so many."""

    shorthand = "share"

    share: Share = Field(description="Share of our events that stand in the window.", examples=["10 %"])
    at_least: Whole = Field(
        0, ge=0, description="So many are always let through, so that small numbers raise no false alarm. Left out, it is the guard's."
    )
    at_most: Whole | None = Field(None, ge=0, description="More than this many are never let through, whatever the share.", examples=[2000])

    def allowed(self, of: int) -> int:
        """How many out of ``of`` are let through."""
        allowed = max(int(self.share * of + 1e-9), self.at_least)
        return allowed if self.at_most is None else min(allowed, self.at_most)

    def text(self) -> str:
        """The limit as it is said in a sentence: "30 %, at least 5"."""
        parts = [show_share(self.share)]
        if self.at_least:
            parts.append(f"at least {self.at_least}")
        if self.at_most is not None:
            parts.append(f"at most {self.at_most}")
        return ", ".join(parts)


def _limit(share: str, floor: int) -> BeforeValidator:
    """What a limit that is given in part leaves out: the usual share, and the floor that keeps small calendars quiet."""

    def completed(value: object) -> object:
        if isinstance(value, str):
            parse_share(value)
            return {"share": value, "at_least": floor}
        return {"share": share, "at_least": floor, **value} if isinstance(value, dict) else value

    return BeforeValidator(completed)


class Guards(Section):
    """Limits that hold a calendar's plan, or the run's, judged before the first write. A timetable without a row is always refused."""

    deletes_in_run: Annotated[Limit, _limit("10 %", 10)] = Field(
        Limit.model_validate({"share": "10 %", "at_least": 10}),
        description='Deletes of the whole run: "10 %", or { share = "10 %", at_least = 10, at_most = 2000 }.',
    )
    deletes_in_calendar: Annotated[Limit, _limit("30 %", 5)] = Field(
        Limit.model_validate({"share": "30 %", "at_least": 5}),
        description="Deletes in one calendar, likewise. Small calendars are let delete at_least so many.",
    )
    shrunken_timetable: Share = Field(
        0.2, validate_default=False, description="How much smaller than what stands in the window the timetable may be."
    )
