"""The cases: what is done, how large it is, and by whom. Each sets itself up and takes all of its figures in one go."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import nights
from benchmarks.figures import Case, Figures
from benchmarks.installation import Installation, installed
from benchmarks.made_up import NOW, change, make_timetable
from benchmarks.measuring import measured
from benchmarks.service import Service

NO_STAMPS = {"TIMETABLE_SYNC_RUN__FULL_READING": "0 days"}
#: One in so many meetings of the made-up timetable changes in its busy night: 1 %.
_CHANGED = 100
#: So many times as many calendars are read by the book as are written.
_READ_MORE = 10


@dataclass(frozen=True)
class Size:
    """How much is done. ``slow`` is how many events those do that write one by one, or read by the book."""

    quiet: tuple[int, int]
    first: tuple[int, int]
    large: int
    many: int
    limited: int
    slow: int
    nights: bool = True


#: As the targets ask for it; a tenth of it; and just enough to see that all of it works.
SIZES = {
    "full": Size((1_000, 200), (250, 200), 10_000, 5_000, 600, 600),
    "small": Size((100, 200), (25, 200), 2_000, 500, 120, 200),
    "smoke": Size((4, 10), (4, 10), 60, 6, 30, 10, nights=False),
}


@dataclass(frozen=True)
class Bench:
    """Where it is done. ``data`` is the folder of the shared data, if it is there."""

    folder: Path
    service: Service
    size: Size
    latencies: Sequence[float]
    data: Path | None

    def installation(self, name: str, calendars: int, events: int) -> Installation:
        """With a timetable of that size."""
        made = installed(self.folder / name, self.service, NOW)
        make_timetable(made.timetable, calendars, events)
        return made


def _others(
    bench: Bench, made: Installation, ways: Sequence[str], calendars: int, events: int, *, only_reading: bool = False
) -> dict[str, Figures]:
    """Each begins from the mark, but for those that write nothing; of these so many more can be done."""
    some = min(calendars, max(1, bench.size.slow // events) * (_READ_MORE if only_reading else 1))
    found = {}
    for way in ways:
        if not only_reading:
            bench.service.tell(restore=True)
        arguments = [f"{bench.service.url}/EWS/Exchange.asmx", str(made.timetable), way, str(some)]
        notes = made.folder / "others.json"
        found[way] = measured(bench.service, "benchmarks.by_the_book", arguments, notes=notes, part=some / calendars)
    return found


def first_night(bench: Bench, large: bool = False) -> Iterator[Case]:
    """All calendars are empty, and nothing is remembered."""
    calendars, events = (1, bench.size.large) if large else bench.size.first
    made = bench.installation("first", calendars, events)
    bench.service.tell(clear=True, mark=True)
    for latency in bench.latencies:
        bench.service.tell(restore=True, latency=latency)
        made.forget()
        ours = made.night()
        bench.service.tell(restore=True)
        ways = {"ours": ours, "floor": made.floor()}
        if not large:
            ways |= _others(bench, made, ("save", "bulk"), calendars, events)
        yield Case("one large calendar, first night" if large else "first night", latency, calendars, calendars * events, ways)


def quiet_night(bench: Bench) -> Iterator[Case]:
    """Nothing changed: by stamps, by reading everything, and by reading everything compressed."""
    calendars, events = bench.size.quiet
    made = bench.installation("quiet", calendars, events)
    total = calendars * events
    for latency in bench.latencies:
        # Anew each time: after the next day's night, this day's would have to read what was seen on that later day.
        bench.service.tell(latency=0)
        made.seed()
        bench.service.tell(latency=latency)
        yield Case("quiet night by stamps", latency, calendars, total, {"ours": made.night(), "floor": made.floor()})
        next_day = replace(made, now=NOW.replace("-21T", "-22T"))
        yield Case("quiet night, a seventh in full", latency, calendars, total, {"ours": next_day.night(), "floor": next_day.floor()})
    for latency in bench.latencies:
        bench.service.tell(latency=latency)
        ways = {"ours": made.night(**NO_STAMPS), "floor": made.floor()}
        ways |= _others(bench, made, ("read", "list"), calendars, events, only_reading=True)
        yield Case("quiet night, all in full", latency, calendars, total, ways)
    bench.service.tell(latency=0, gzip=True)
    yield Case("the same, compressed", 0, calendars, total, {"ours": made.night(**NO_STAMPS), "floor": made.floor()})
    bench.service.tell(gzip=False)


def like_for_like(bench: Bench) -> Iterator[Case]:
    """A night in which one meeting in a hundred changed, after a first night of each: by us, and by those who write by the book."""
    calendars = max(1, bench.size.slow // bench.size.first[1])
    events = bench.size.first[1]
    for latency in bench.latencies:
        made = bench.installation("changes", calendars, events)
        made.seed()
        change(made.timetable, _CHANGED)
        bench.service.tell(latency=latency, mark=True)
        ours = made.night()
        bench.service.tell(restore=True)
        ways = {"ours": ours, "floor": made.floor()}
        # Theirs bear another property, so each first writes its own, unmeasured.
        for way in ("save", "wipe"):
            make_timetable(made.timetable, calendars, events)
            bench.service.tell(clear=True, mark=True, latency=0)
            _others(bench, made, ("bulk",), calendars, events)
            change(made.timetable, _CHANGED)
            bench.service.tell(mark=True, latency=latency)
            ways |= _others(bench, made, (way,), calendars, events)
        yield Case("1 % changed", latency, calendars, calendars * events, ways)


def large_calendar(bench: Bench) -> Iterator[Case]:
    """One calendar with very many events: first night, then read in full."""
    yield from first_night(bench, large=True)
    made = bench.installation("large", 1, bench.size.large)
    made.seed()
    for latency in bench.latencies:
        bench.service.tell(latency=latency)
        ways = {"ours": made.night(**NO_STAMPS), "floor": made.floor()}
        yield Case("one large calendar, in full", latency, 1, bench.size.large, ways)


def many_calendars(bench: Bench) -> Iterator[Case]:
    """So many calendars, quiet, with few events and with ten times as many: what memory makes of it."""
    for events in (20, 200):
        made = bench.installation("many", bench.size.many, events)
        made.seed()
        bench.service.tell(latency=0)
        ways = {"ours": made.night(), "floor": made.floor()}
        yield Case(f"{bench.size.many:,} calendars, quiet", 0, bench.size.many, bench.size.many * events, ways)
    bench.service.tell(clear=True, mark=True)


def limited(bench: Bench) -> Iterator[Case]:
    """A service that allows 20 requests a second and answers the others with its hint: how much of what it allows is used.

    A night in which a calendar fails is no figure: it ends with another exit code than 0, which raises ProgramFailed.
    """
    allowed = 20
    made = bench.installation("limited", bench.size.limited, 20)
    made.seed()
    bench.service.tell(latency=0.05, limit=allowed)
    ours = made.night()
    bench.service.tell(limit=0)
    refused = ours.operations.get("busy", 0)
    answered = ours.requests - ours.operations["token"] - refused
    # Of whole seconds, though the first and the last were only begun: so it says too little rather than too much.
    remarks = {"used of what is allowed": round(answered / (allowed * ours.span), 3), "refused": refused, "calendars failed": 0}
    yield Case(f"{allowed} requests a second allowed", 0.05, bench.size.limited, bench.size.limited * 20, {"ours": ours}, remarks)


def real_nights(bench: Bench) -> Iterator[Case]:
    """The median night of a real semester, that of the 90th percentile, and the worst, by how much changed."""
    if bench.data is None:
        return
    for name, night in nights.chosen(bench.data):
        made = nights.prepared(bench.folder / "nights", bench.data, bench.service, night)
        for latency in bench.latencies:
            nights.back_to(made, night)
            bench.service.tell(latency=latency, mark=True)
            ours = made.night()
            bench.service.tell(restore=True)
            calendars, events = nights.counted(made)
            changed = nights.changed_calendars(made)
            yield Case(name, latency, calendars, events, {"ours": ours, "floor": made.floor()}, {"changed calendars": changed})


CASES: dict[str, Callable[[Bench], Iterator[Case]]] = {
    "first": first_night,
    "quiet": quiet_night,
    "changes": like_for_like,
    "large": large_calendar,
    "many": many_calendars,
    "limited": limited,
    "nights": real_nights,
}
