"""Service accounts of an Exchange Server on premises: their passwords, what they may impersonate, and when they are locked. No HTTP."""

import fnmatch
from dataclasses import dataclass, field
from typing import Any

from timetable_sync.sandbox.ews import ntlm

#: So many wrong passwords lock an account, as Active Directory's policies do.
LOCKED_AFTER = 5

SIGN_INS = ("bearer", "basic", "ntlm")


@dataclass(slots=True)
class Account:
    """``name`` is ``DOMAIN\\user``; ``principal`` is ``user@domain``. ``impersonates`` are globs: the scope of ApplicationImpersonation."""

    name: str
    principal: str
    password: str = field(repr=False)
    impersonates: tuple[str, ...] = ()
    wrong: int = 0

    @property
    def locked(self) -> bool:
        """Whether not even the right password helps any more."""
        return self.wrong >= LOCKED_AFTER

    def may_use(self, address: str) -> bool:
        """Whether it may act for this mailbox."""
        return any(fnmatch.fnmatchcase(address.lower(), one.lower()) for one in self.impersonates)


class Accounts:
    """All of them, and the ways of signing in that the server offers."""

    def __init__(self) -> None:
        self.sign_ins: tuple[str, ...] = ("bearer",)
        self._known: dict[str, Account] = {}

    def offer(self, sign_ins: list[str]) -> None:
        """Offer these and no other; raises ValueError."""
        if not sign_ins or set(sign_ins) - set(SIGN_INS):
            raise ValueError(f"a server offers some of {', '.join(SIGN_INS)}, not {sign_ins}")
        self.sign_ins = tuple(sign_ins)

    def add(self, data: dict[str, Any]) -> Account:
        """Add or replace one; raises KeyError or ValueError."""
        account = Account(
            str(data["name"]), str(data["principal"]), str(data["password"]), tuple(data.get("impersonates", ())), int(data.get("wrong", 0))
        )
        if account.name.count("\\") != 1 or account.principal.count("@") != 1:
            raise ValueError("an account's name is DOMAIN\\user, its principal user@domain")
        self._known[account.name.lower()] = account
        return account

    def find(self, user: str) -> Account | None:
        """By either name, whatever its case."""
        wanted = user.lower()
        return next((one for name, one in self._known.items() if wanted in (name, one.principal.lower())), None)

    def by_password(self, user: str, password: str) -> Account | None:
        """Who this is; None for a wrong password, an unknown or a locked account. Counts what was wrong."""
        account = self.find(user)
        return None if account is None else self._judged(account, good=account.password == password)

    def by_proof(self, given: ntlm.Proof, challenge: ntlm.Challenge) -> Account | None:
        """The same for an answer to ``challenge``."""
        account = self.find(f"{given.domain}\\{given.user}" if given.domain else given.user)
        return None if account is None else self._judged(account, good=given.by(account.password, challenge))

    @staticmethod
    def _judged(account: Account, *, good: bool) -> Account | None:
        if account.locked:
            return None
        account.wrong = 0 if good else account.wrong + 1
        return account if good else None

    def as_json(self) -> dict[str, Any]:
        """For the state file."""
        return {
            "sign_ins": list(self.sign_ins),
            "accounts": [
                {
                    "name": one.name,
                    "principal": one.principal,
                    "password": one.password,
                    "impersonates": list(one.impersonates),
                    "wrong": one.wrong,
                }
                for one in self._known.values()
            ],
        }

    def load(self, data: dict[str, Any]) -> None:
        """Become what :meth:`as_json` gave."""
        self._known.clear()
        self.offer(list(data.get("sign_ins", ("bearer",))))
        for one in data.get("accounts", ()):
            self.add(one)
