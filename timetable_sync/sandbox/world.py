"""All that the sandbox holds: mailboxes, directory, clock, and the counts of what was asked and of mails. No HTTP."""

import json
from collections import Counter, deque
from typing import Any

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.entra.applications import Graph
from timetable_sync.sandbox.entra.directory import Directory
from timetable_sync.sandbox.entra.token_endpoint import Entra
from timetable_sync.sandbox.entra.tokens import TokenMaker
from timetable_sync.sandbox.ews.accounts import Accounts
from timetable_sync.sandbox.mailbox import KINDS, Kind, Mailbox
from timetable_sync.sandbox.throttling import Budgets

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
        self._aliases: dict[str, Mailbox] = {}
        #: How many mailboxes were made with an address: the next one is another one, with ids of its own.
        self._made: Counter[str] = Counter()
        self.mails: list[dict[str, Any]] = []
        self.requests: Counter[str] = Counter()
        self.log: deque[dict[str, Any]] = deque(maxlen=20000)

    def add_mailbox(self, address: str, kind: str) -> Mailbox:
        """A new empty mailbox, or the one that is there; raises ValueError for an unknown kind."""
        known: dict[str, Kind] = {one: one for one in KINDS}
        if kind not in known:
            raise ValueError(f"a mailbox is one of {', '.join(KINDS)}, not {kind!r}")
        if (there := self.mailboxes.get(address.lower())) is not None:
            return there
        self._free(address)
        made = self.mailboxes[address.lower()] = self._new(address, known[kind])
        return made

    def _new(self, address: str, kind: Kind) -> Mailbox:
        number = self._made[address.lower()]
        self._made[address.lower()] += 1
        return Mailbox(address, kind, self.clock, f"{address} {number}" if number else address)

    def mailbox(self, address: str) -> Mailbox | None:
        """The mailbox that is found by this address, its own or an alias, whatever the case."""
        return self.mailboxes.get(address.lower()) or self._aliases.get(address.lower())

    def remove_mailbox(self, address: str) -> bool:
        """The mailbox is gone with all its addresses; whether there was one."""
        mailbox = self.mailboxes.pop(address.lower(), None)
        for alias in mailbox.aliases if mailbox else ():
            self._aliases.pop(alias, None)
        return mailbox is not None

    def add_alias(self, mailbox: Mailbox, alias: str, refused: str = "") -> None:
        """The mailbox is found by ``alias`` too; or requests that name it so are ``refused`` with this code."""
        if alias.lower() in self.mailboxes:
            raise ValueError(f"{alias} is another mailbox's own address")
        self._free(alias)
        mailbox.aliases[alias.lower()] = refused
        mailbox.dirty = True
        self._aliases[alias.lower()] = mailbox

    def remove_alias(self, alias: str) -> bool:
        """Nothing is found by ``alias`` any more; whether something was."""
        return self._free(alias)

    def rename(self, mailbox: Mailbox, to: str, *, keep: bool = True) -> None:
        """The mailbox has another primary address. Exchange keeps the one before as an alias, unless an administrator takes it away."""
        if self.mailboxes.get(to.lower(), mailbox) is not mailbox:
            raise ValueError(f"{to} is another mailbox's own address")
        self._free(to)
        old = mailbox.address
        self.mailboxes = {(to.lower() if one is mailbox else address): one for address, one in self.mailboxes.items()}
        mailbox.address, mailbox.dirty = to, True
        if keep and old.lower() != to.lower():
            self.add_alias(mailbox, old)

    def make_anew(self, mailbox: Mailbox) -> Mailbox:
        """Another mailbox, empty, is found by this one's addresses from now on."""
        made = self._new(mailbox.address, mailbox.kind)
        made.aliases = dict(mailbox.aliases)
        self.mailboxes[mailbox.address.lower()] = made
        self._aliases |= dict.fromkeys(made.aliases, made)
        return made

    def _free(self, alias: str) -> bool:
        mailbox = self._aliases.pop(alias.lower(), None)
        if mailbox is not None:
            del mailbox.aliases[alias.lower()]
            mailbox.dirty = True
        return mailbox is not None

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
                "made": self._made,
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
        self._aliases = {alias: mailbox for mailbox in self.mailboxes.values() for alias in mailbox.aliases}
        # A state file of an earlier version does not have it.
        self._made = Counter(data.get("made", dict.fromkeys(self.mailboxes, 1)))
