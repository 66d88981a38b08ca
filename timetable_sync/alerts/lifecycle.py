"""What is new, what lasts, what is over, and who has been told of it. Pure: matters in, matters out."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from timetable_sync.alerts.conditions import CERTIFICATE, HELD, UNREADABLE, Condition
from timetable_sync.state.run_records import Matter, RunRecord

#: Ends the name of a channel where what was told is the end of a matter.
OVER = "/over"


@dataclass(frozen=True, slots=True)
class News:
    """What one channel is to be told now.

    ``new`` was never told, ``again`` was told long ago, ``over`` has ended; ``open`` is what else lasts and was told. ``nights`` are the
    runs of a digest, None where none is due.
    """

    new: tuple[Matter, ...] = ()
    again: tuple[Matter, ...] = ()
    over: tuple[Matter, ...] = ()
    open: tuple[Matter, ...] = ()
    nights: tuple[RunRecord, ...] | None = None

    @property
    def worth_sending(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.new or self.again or self.over) or self.nights is not None


def reckoned(known: Iterable[Matter], found: Sequence[Condition], judged: Callable[[Matter], bool], at: datetime) -> list[Matter]:
    """The matters after a run that ended ``at`` (aware): those found are open, those that it could judge and did not find are over."""
    by_identity = {matter.identity: matter for matter in known}
    present = {finding.identity: finding for finding in found}
    certified = any(finding.kind == CERTIFICATE for finding in found)
    matters = []
    for identity, matter in by_identity.items():
        if identity in present:
            continue
        if matter.kind == CERTIFICATE and certified:
            continue  # it came to its next stage
        matters.append(replace(matter, gone=at) if matter.gone is None and judged(matter) else matter)
    for identity, finding in present.items():
        old = by_identity.get(identity)
        if old is None or old.gone is not None:
            matters.append(Matter(*identity, finding.name, finding.sentence, finding.advice, at, at))
        else:
            matters.append(replace(old, name=finding.name, sentence=finding.sentence, advice=finding.advice, seen=at))
    return sorted(matters, key=lambda matter: matter.identity)


def released(matters: Iterable[Matter], held: Collection[tuple[str, str]], at: datetime) -> list[Matter]:
    """``matters``, those of guards over since ``at`` (aware) that hold no longer; ``held`` are address and guard of what is held now."""
    return [
        replace(matter, gone=at) if matter.kind == HELD and matter.gone is None and (matter.address, matter.detail) not in held else matter
        for matter in matters
    ]


def due(matters: Iterable[Matter], channel: str, kinds: Collection[str], now: datetime, remind: timedelta | None) -> News:
    """What ``channel`` is to be told of ``matters`` at ``now`` (aware), if it is of one of ``kinds``."""
    sorted_out: dict[str, list[Matter]] = {"new": [], "again": [], "over": [], "open": []}
    for matter in matters:
        if matter.kind not in kinds:
            continue
        told = matter.told.get(channel)
        if matter.gone is not None:
            # What was never told is told all the same: the run that should have told it may have been killed.
            if channel + OVER not in matter.told:
                sorted_out["over"].append(matter)
        elif told is None:
            sorted_out["new"].append(matter)
        elif remind is not None and now - datetime.fromisoformat(told) >= remind:
            sorted_out["again"].append(matter)
        else:
            sorted_out["open"].append(matter)
    new, again, over, rest = (tuple(sorted_out[name]) for name in ("new", "again", "over", "open"))
    return News(new, again, over, rest)


def told(matters: Iterable[Matter], channel: str, news: News, now: datetime) -> list[Matter]:
    """``matters`` once ``channel`` has been told ``news``."""
    fresh = {matter.identity for matter in (*news.new, *news.again)}
    ended = {matter.identity for matter in news.over}
    result = []
    for matter in matters:
        if matter.identity in fresh:
            matter = replace(matter, told={**matter.told, channel: now.isoformat()})  # noqa: PLW2901 - the same matter, told
        elif matter.identity in ended:
            matter = replace(matter, told={**matter.told, channel + OVER: now.isoformat()})  # noqa: PLW2901 - the same matter, told
        result.append(matter)
    return result


def settled(matters: Iterable[Matter], channels: Collection[str], kinds: Collection[str]) -> list[Matter]:
    """``matters`` without those that are over and of which nobody has to be told any more."""
    return [
        matter
        for matter in matters
        if matter.gone is None or (matter.kind in kinds and any(channel + OVER not in matter.told for channel in channels))
    ]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as the state database has it, with all that findings are made from."""

    run: RunRecord
    found: tuple[Condition, ...] = ()
    judged: Callable[[Matter], bool] = field(default=lambda matter: False)


def after_runs(known: Iterable[Matter], runs: Iterable[Recorded]) -> list[Matter]:
    """The matters after these runs, oldest first: also those of runs that were killed before they could tell."""
    matters = list(known)
    for recorded in runs:
        matters = reckoned(matters, recorded.found, recorded.judged, recorded.run.finished or recorded.run.started)
    return matters


def headline(news: News, outcome: str) -> str:
    """The message in a few words."""
    first = [*news.new, *news.again]
    if first:
        said = _short(first[0])
        return said if len(first) == 1 else f"{said}, and {len(first) - 1} more"
    if news.over:
        said = f"over: {_short(news.over[0])}"
        return said if len(news.over) == 1 else f"{said}, and {len(news.over) - 1} more"
    return outcome


def _short(matter: Matter) -> str:
    about = matter.name or {"certificate": "", "rows": ""}.get(matter.kind, "the run")
    words: Mapping[str, str] = {"failed": "failed", "held": "held"}
    if matter.kind not in words:
        return matter.sentence.strip()
    return f"{about}: {matter.sentence}" if matter.detail == UNREADABLE else f"{about} {words[matter.kind]}".strip()
