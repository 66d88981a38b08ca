"""A small college whose nights are typed as people type them, in its own folder, against the sandbox's Exchange."""

import re
import shlex
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.alerts.listeners import MailServer
from tests.cli.command_line import typed
from tests.plain_configuration import plain_configuration
from tests.sandbox_process import SandboxProcess, make_certificate, ready_app

#: A command in a line of text, in Markdown's backticks, or in HTML's <code>.
_COMMAND = re.compile(r"timetable-sync (?:[a-z]+)(?: [^`<\n]*)?")


class College:
    """``folder`` is where one stands. A module's lessons are numbered: ten a day, from tomorrow on."""

    def __init__(
        self, folder: Path, sandbox: SandboxProcess, mail: MailServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self.mail, self._client, self._capsys = folder, mail, sandbox.client, capsys
        monkeypatch.chdir(folder)
        ready_app(sandbox.client, make_certificate(folder))
        (folder / "reports").mkdir()
        (folder / "timetable-sync.toml").write_text(plain_configuration(sandbox.url) + _MORE.format(port=mail.port), "utf-8")
        with sqlite3.connect(folder / "timetable.db") as database:
            database.execute("CREATE TABLE meeting (activity, module, starts, ends, title)")
        self.said = self.complained = ""

    def timetable(self, lessons: Mapping[str, Iterable[int]]) -> None:
        """From now on each module has the lessons with these numbers."""
        first = (datetime.now(UTC) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
        rows = []
        for module, numbers in lessons.items():
            self._client.add_mailbox(address_of(module))
            for number in numbers:
                start = first + timedelta(days=number // 10, hours=number % 10)
                rows.append(
                    (f"{module}-{number}", module, f"{start:%Y-%m-%d %H:%M}", f"{start + timedelta(minutes=50):%Y-%m-%d %H:%M}", "L")
                )
        with sqlite3.connect(self.folder / "timetable.db") as database:
            database.execute("DELETE FROM meeting")
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", rows)

    def types(self, line: str) -> int:
        """A line as a shell hands it over. Gives the exit code; what it printed is ``said`` and ``complained``."""
        program, *words = shlex.split(line)
        assert program == "timetable-sync"
        code = typed(*words)
        self.said, self.complained = self._capsys.readouterr()
        return code

    def night(self, *words: str) -> int:
        """A night, with a report in every form."""
        reports = [f"--report {self.folder / f'report.{kind}'}" for kind in ("txt", "html", "md", "json")]
        return self.types(" ".join(("timetable-sync run", *words, *reports)))

    def printed(self) -> list[str]:
        """Every command that the last night printed: on the screen, in its reports, and in the last mail."""
        html = unescape((self.folder / "report.html").read_text("utf-8"))
        others = [(self.folder / f"report.{kind}").read_text("utf-8") for kind in ("txt", "md")]
        mails = [self.mail.text()] if self.mail.letters else []
        texts = [self.said, html, *others, (self.folder / "report.json").read_text("utf-8").replace('\\"', '"'), *mails]
        return sorted({line for text in texts for line in commands(text)})

    def standing(self, module: str) -> int:
        """How many events are in its calendar."""
        return len(self._client.events(address_of(module)))


def commands(text: str) -> list[str]:
    """The commands that a text shows, as they are to be typed."""
    return [found[0].split('"')[0].rstrip(" .,:;") for found in _COMMAND.finditer(text)]


def address_of(module: str) -> str:
    """The module's mailbox."""
    return f"{module.lower()}@groups.example.ac.uk"


_MORE = """
[state]
url = "sqlite:///state.db"
[report]
directory = "reports"
[mail]
server = "127.0.0.1"
port = {port}
security = "none"
sender = "timetable-sync@example.ac.uk"
to = ["team@example.ac.uk"]
"""
