"""The demo's folder: what lies where in it. Refuses a folder that holds anything else, and removes only what a demo made."""

import shutil
from pathlib import Path

from timetable_sync.errors import UsageError

DEFAULT = Path("timetable-sync-demo")

#: How its README begins, by which a demo's folder is known again.
_SIGN = "This folder was made by: timetable-sync demo"


class DemoFolder:
    """One folder. Nothing is touched before :meth:`prepare`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.readme = root / "README.txt"
        self.configuration = root / "timetable-sync.toml"
        self.query = root / "timetable.sql"
        self.timetable = root / "college.sqlite"
        self.certificate = root / "certificate.pem"
        self.key = root / "certificate-key.pem"
        self.manifest = root / "manifest.json"
        self.state = root / "state.db"
        self.sandbox_state = root / "sandbox.json"
        self.sandbox_ready = root / "sandbox-ready.json"
        self.sandbox_log = root / "sandbox.log"
        self.plan = root / "plan.html"
        self.plan_json = root / "plan.json"
        self.reports = root / "reports"

    def prepare(self) -> None:
        """Make it, or empty it of what an earlier demo left. Raises UsageError for a folder that is not a demo's."""
        try:
            if self.root.is_dir() and any(self.root.iterdir()) and not self._is_a_demo():
                raise UsageError(
                    f"{self.root} is not empty and was not made by a demo, so it is left alone",
                    "Name another folder: timetable-sync demo --folder DIR",
                )
            self.root.mkdir(parents=True, exist_ok=True)
            self._remove_earlier()
            self.readme.write_text(f"{_SIGN}\n", "utf-8")
            self.reports.mkdir()
        except OSError as error:
            raise UsageError(
                f"{self.root} cannot be used: {error.strerror or error}", "Name another folder: timetable-sync demo --folder DIR"
            ) from None

    def explain(self, url: str) -> None:
        """Say in the folder's README what lies here, and how to go on by hand."""
        self.readme.write_text(_README.format(sign=_SIGN, port=url.rpartition(":")[2]), "utf-8")

    def _is_a_demo(self) -> bool:
        try:
            return self.readme.read_text("utf-8").startswith(_SIGN)
        except (OSError, UnicodeDecodeError):
            return False

    def _remove_earlier(self) -> None:
        for path in vars(self).values():
            if path == self.root:
                continue
            if path == self.reports:
                shutil.rmtree(path, ignore_errors=True)
                continue
            for one in (
                path,
                path.with_name(f"{path.name}-wal"),
                path.with_name(f"{path.name}-shm"),
                path.with_name(f"{path.name}-journal"),
            ):
                one.unlink(missing_ok=True)


_README = """\
{sign}
It may be deleted as a whole at any time. Another demo writes it anew.

timetable-sync.toml    the configuration, as an ordinary college would write it
timetable.sql          the query that it names
college.sqlite         the timetable database of a made-up college
certificate.pem        the certificate that the application signs in with, and its key beside it
manifest.json          what was entered in the app registration: keyCredentials, as in the portal's manifest
state.db               the ledger and the history of every change
sandbox.json           the state of the local Entra ID and Exchange, with every calendar in it
plan.html              the dry run's report: look at this one first
plan.json              the same for programs
reports/               a report of each night

To go on by hand, in this folder: let the local Entra ID and Exchange serve these calendars again,

    timetable-sync sandbox serve --port {port} --state sandbox.json

and in another terminal, change college.sqlite as you like, then

    timetable-sync run --now 2026-10-22T02:00 --dry-run --report plan.html
    timetable-sync run --now 2026-10-22T02:00
"""
