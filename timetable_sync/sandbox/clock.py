"""The sandbox's own clock: real time plus what it was told to skip. Nothing here waits."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, which a person can push ahead (or back) to see tokens expire and clocks disagree."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead

    def text(self, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
        """Now, in UTC."""
        return datetime.fromtimestamp(self.now(), UTC).strftime(form)

    def advance(self, seconds: float) -> None:
        """Skip ahead."""
        self.ahead += seconds
