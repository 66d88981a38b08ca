"""What is measured of one way to do one thing."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """``wall`` and ``cpu`` in seconds, the latter the client's alone; ``peak`` in megabytes; ``bytes`` both ways.

    ``phases`` are seconds of CPU. ``part`` is the share of the work that was done: what is slow is measured on a part of it, and
    :meth:`whole` takes it to all. ``span`` is in how many seconds of the clock the service was asked. ``started`` is how many seconds went
    by before the work began, ``at_once`` how many requests were under way at once at most, where either is known.
    """

    wall: float
    cpu: float
    peak: float
    requests: int
    bytes: int
    operations: dict[str, int] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    part: float = 1.0
    span: float = 0.0
    started: float = 0.0
    at_once: int = 0

    def whole(self) -> "Figures":
        """As it would be for all of the work; memory, and what it takes to start, as they were."""
        if self.part == 1.0:
            return self
        scaled = {name: round(number / self.part) for name, number in self.operations.items()}
        start = self.phases.get("start", 0.0)
        return replace(
            self,
            wall=self.started + (self.wall - self.started) / self.part,
            cpu=start + (self.cpu - start) / self.part,
            requests=round(self.requests / self.part),
            bytes=round(self.bytes / self.part),
            operations=scaled,
            phases={name: seconds if name == "start" else seconds / self.part for name, seconds in self.phases.items()},
            part=1.0,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to do, at one latency (seconds): by us, by the floor, by others. ``events`` and ``calendars`` are its size."""

    name: str
    latency: float
    calendars: int
    events: int
    ways: dict[str, Figures]
    remarks: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """For JSON: all figures, and ours as ratios to each other way's."""
        ours = self.ways["ours"]
        ratios = {
            name: {
                "wall": _ratio(ours.wall, way.whole().wall),
                "cpu": _ratio(ours.cpu, way.whole().cpu),
                "requests": _ratio(ours.requests, way.whole().requests),
                "bytes": _ratio(ours.bytes, way.whole().bytes),
                "peak": _ratio(ours.peak, way.peak),
            }
            for name, way in self.ways.items()
            if name != "ours"
        }
        return {**asdict(self), "ratios": ratios}


def _ratio(one: float, other: float) -> float | None:
    return round(one / other, 3) if other else None
