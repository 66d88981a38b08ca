"""How fast this machine is at the moment: machines that share their processors are at times three times slower than at others."""

import time

_STEPS = 1_000_000
_TIMES = 3


def pace() -> float:
    """Seconds of CPU that a million steps of a fixed piece of work take, the least of three: 0.07 on a quick machine that is idle."""
    return min(_worked() for _ in range(_TIMES))


def _worked() -> float:
    began, total = time.process_time(), 0
    for step in range(_STEPS):
        total += step & 7
    if total < _STEPS:
        raise AssertionError("the work was not done")
    return time.process_time() - began
