"""All that the sandbox holds: mailboxes, directory, clock, and the counts of what was asked and of mails. No HTTP."""

import json
from collections import Counter, deque
from typing import Any

from timetable_sync.sandbox.accounts import Accounts
from timetable_sync.sandbox.budgets import Budgets
from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.directory import Directory
from timetable_sync.sandbox.entra import Entra
from timetable_sync.sandbox.graph import Graph
from timetable_sync.sandbox.mailbox import KINDS, Kind, Mailbox
from timetable_sync.sandbox.tokens import TokenMaker

_FORM = 1


class World:
    """The whole of it, in memory."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.budgets = Budgets(self.clock)
        self.directory = Directory()
        self.accounts = Accounts()
        self.tokens = TokenMaker(self.clock)
        self.entra = Entra(self.clock, self.directory, self.tokens)
        self.graph = Graph(self.clock, self.directory, self.tokens)
        self.mailboxes: dict[str, Mailbox] = {}
        self.mails: list[dict[str, Any]] = []
        self.requests: Counter[str] = Counter()
        self.log: deque[dict[str, Any]] = deque(maxlen=20000)

    def add_mailbox(self, address: str, kind: str) -> Mailbox:
        """A new empty mailbox, or the one that is there; raises ValueError for an unknown kind."""
        known: dict[str, Kind] = {one: one for one in KINDS}
        if kind not in known:
            raise ValueError(f"a mailbox is one of {', '.join(KINDS)}, not {kind!r}")
        return self.mailboxes.setdefault(address.lower(), Mailbox(address, known[kind], self.clock))

    def mailbox(self, address: str) -> Mailbox | None:
        """The mailbox with this address, whatever its case."""
        return self.mailboxes.get(address.lower())

    def mail(self, kind: str, mailbox: Mailbox, subject: str, recipients: list[str]) -> None:
        """Count the mails that would have been sent, one for each recipient."""
        for recipient in recipients:
            self.mails.append({"kind": kind, "from": mailbox.address, "to": recipient, "subject": subject})

    def revoke_everything(self) -> None:
        """Every application's keys are gone, and every token that was issued up to now is refused."""
        for application in list(self.directory.applications.values()):
            for key in list(application.keys):
                self.directory.revoke(key.sha1.hex())
        self.tokens.refuse_all()

    def as_json(self) -> str:
        """Everything, to be kept in a file or returned to."""
        outer = json.dumps(
            {
                "form": _FORM,
                "ahead": self.clock.ahead,
                "key": self.tokens.key_pem(),
                "applications": self.directory.as_json(),
                "accounts": self.accounts.as_json(),
                "mails": self.mails,
                "requests": self.requests,
            },
            ensure_ascii=False,
        )
        return outer[:-1] + ',"mailboxes":[' + ",\n".join(one.as_json() for one in self.mailboxes.values()) + "]}"

    def load(self, text: str) -> None:
        """Become what :meth:`as_json` wrote; raises ValueError or KeyError where ``text`` is nothing of the kind."""
        data = json.loads(text)
        if data.get("form") != _FORM:
            raise ValueError(f"a state of form {data.get('form')!r}, this version reads form {_FORM}")
        self.clock.ahead = data["ahead"]
        self.tokens.use_key(data["key"])
        self.directory.applications.clear()
        for application in data["applications"]:
            self.directory.register(application)
        self.accounts.load(data.get("accounts", {}))
        self.mails[:] = data["mails"]
        self.requests.clear()
        self.requests.update(data["requests"])
        self.mailboxes = {one["address"].lower(): Mailbox.from_json(one, self.clock) for one in data["mailboxes"]}
