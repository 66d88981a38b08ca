"""The command line as tests use it: a configuration that can be read, and nights that are made up."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from tests.reports import summaries
from timetable_sync.apply.progress import Progress
from timetable_sync.cli.app import exit_code_of
from timetable_sync.config.load import Loaded
from timetable_sync.night import NightRequest
from timetable_sync.reports.summary import RunSummary

CONFIGURATION = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
query = "SELECT * FROM meeting"

[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"

[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]

[entra]
tenant = "00000000-0000-0000-0000-000000000000"
client = "11111111-1111-1111-1111-111111111111"
certificate = { file = "certificate.pem" }

[state]
url = "sqlite:///state.db"
"""

CHECKOUT = Path(__file__).parents[2]


@dataclass
class Night:
    """Stands in for ``run_night``: remembers what it was asked, and gives back a summary that was made up, or raises."""

    summary: RunSummary = field(default_factory=summaries.ordinary)
    error: BaseException | None = None
    requests: list[NightRequest] = field(default_factory=list)
    loaded: list[Loaded] = field(default_factory=list)

    def __call__(self, loaded: Loaded, request: NightRequest, *, progress: Progress, stop: Event, begun: Callable[[], None]) -> RunSummary:
        self.requests.append(request)
        self.loaded.append(loaded)
        progress.phase("writing", 2)
        progress.step()
        assert not stop.is_set()
        if self.error is not None:
            raise self.error
        return self.summary

    @property
    def request(self) -> NightRequest:
        """The only request there was."""
        (request,) = self.requests
        return request


def typed(*words: object) -> int:
    """What the shell would see as exit code of ``timetable-sync`` with these words."""
    return exit_code_of([str(word) for word in words])


def started(
    script: str, *words: object, cwd: Path, stderr: int = subprocess.PIPE, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """A process of its own that carries out ``script`` (Python, which may replace the night) and then the words typed."""
    program = f"import sys\nsys.path.insert(0, {str(CHECKOUT)!r})\n{script}\nfrom timetable_sync.cli.app import main\nmain()\n"
    return subprocess.Popen(
        [sys.executable, "-c", program, *(str(word) for word in words)],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
    )
