"""An installation of ours in a folder: configuration, certificate, state; and our night as it is measured."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.measuring import measured
from benchmarks.service import ROOT, Service

_CONFIGURATION = """\
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT * FROM meeting"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
type = "kind"
rooms = { column = "room", many = true }
staff = { column = "staff", many = true }
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[event]
subject = "{{ calendar }} {{ type }}: {{ title }}"
location = "{{ rooms | join(', ') }}"
body = "{{ staff | join(', ') }}"
categories = ["Timetable"]
[entra]
tenant = "3a5c1f0e-7d43-4a0b-9c55-1f0f7a1b2c3d"
client = "6f1e2d3c-4b5a-4968-8776-655443322110"
certificate = { file = "certificate.pem" }
key = { file = "certificate-key.pem" }
"""

#: Real semesters have nights that guards rightly hold; here it is speed that is looked at.
NO_GUARDS = {
    "TIMETABLE_SYNC_GUARDS__DELETES_IN_CALENDAR": '{ share = "100 %" }',
    "TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN": '{ share = "100 %" }',
    "TIMETABLE_SYNC_GUARDS__SHRUNKEN_TIMETABLE": "100 %",
}


@dataclass(frozen=True)
class Installation:
    """``now`` is the moment of its nights; ``extra`` are settings by environment, beside those that make it fit to the service."""

    folder: Path
    service: Service
    now: str
    configuration: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def timetable(self) -> Path:
        """The timetable's database."""
        return self.folder / "timetable.db"

    @property
    def recorded(self) -> Path:
        """The requests of the latest night, once it is measured."""
        return self.folder / "requests.bin"

    @property
    def _notes(self) -> Path:
        """What the latest night says of itself."""
        return self.folder / "ours.json"

    def environment(self) -> dict[str, str]:
        """What makes the configuration fit."""
        return {
            "TIMETABLE_SYNC_TIMETABLE__URL": f"sqlite:///{self.timetable}",
            "TIMETABLE_SYNC_STATE__URL": f"sqlite:///{self.folder / 'state.db'}",
            "TIMETABLE_SYNC_ENTRA__CERTIFICATE": f'{{ file = "{self.folder / "certificate" / "certificate.pem"}" }}',
            "TIMETABLE_SYNC_ENTRA__KEY": f'{{ file = "{self.folder / "certificate" / "certificate-key.pem"}" }}',
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": self.service.url,
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"{self.service.url}/EWS/Exchange.asmx",
            **self.extra,
        }

    def forget(self) -> None:
        """Without a state: the next night is the first."""
        for file in self.folder.glob("state.db*"):
            file.unlink()

    def night(self, *arguments: str, **settings: str) -> Figures:
        """One night; its requests stay on record. ``settings`` are more environment."""
        figures = measured(
            self.service,
            "benchmarks.watched_run",
            ["run", "--config", str(self.configuration), "--now", self.now, "-q", *arguments],
            notes=self._notes,
            environment={**self.environment(), **settings},
            record=True,
        )
        self.service.tell(write=str(self.recorded), anew=True)
        return figures

    def floor(self) -> Figures:
        """The latest night's requests, as ready-made bytes, over as many connections as that night had requests under way at once."""
        host, port = self.service.url.removeprefix("http://").split(":")
        at_once = max(1, json.loads(self._notes.read_text())["at_once"])
        return measured(self.service, "benchmarks.floor", [host, port, str(at_once), str(self.recorded)], notes=self.folder / "floor.json")

    def seed(self) -> None:
        """Make it so that the timetable stands in the calendars, and in the ledger, as after a good night."""
        self.forget()
        file = self.folder / "seed.jsonl"
        subprocess.run(
            [sys.executable, "-m", "benchmarks.seeding", str(self.configuration), self.now, str(file)],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", **self.environment()},
            check=True,
        )
        self.service.tell(clear=True, seed=str(file), anew=True)
        file.unlink()


def installed(folder: Path, service: Service, now: str, configuration: Path | None = None, **extra: str) -> Installation:
    """A new installation in ``folder``; with our own configuration unless another is given."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if configuration is None:
        configuration = folder / "timetable-sync.toml"
        configuration.write_text(_CONFIGURATION, "utf-8")
    subprocess.run(
        [sys.executable, "-m", "timetable_sync", "certificate", "new", str(folder / "certificate")],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Installation(folder, service, now, configuration, extra)
