"""A client of the sandbox's control API, for tests, for the demonstration and for people. Speaks no EWS."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

import requests

Kind = Literal["group", "shared", "user", "room"]
Event = dict[str, Any]


class SandboxRefused(ValueError):
    """The sandbox would not do what it was told; the message says why."""


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


class SandboxClient:
    """Talks to a running sandbox at ``url``. Every method raises :class:`SandboxRefused` where the call makes no sense."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        # Never by way of a proxy: the sandbox is on this machine.
        self._session.trust_env = False

    @property
    def ews_url(self) -> str:
        """Where EWS is."""
        return f"{self.url}/EWS/Exchange.asmx"

    def close(self) -> None:
        """Give back the connection."""
        self._session.close()

    def _call(self, call: str, /, **data: Any) -> Any:
        answer = self._session.post(f"{self.url}/sandbox/{call}", json=data, timeout=120)
        if answer.status_code != requests.codes.ok:
            raise SandboxRefused(answer.json().get("error", answer.text))
        return answer.json()["result"]

    # -- directory and mailboxes

    def register_app(
        self,
        manifest: dict[str, Any],
        *,
        tenant: str,
        client_id: str,
        roles: Sequence[str] = ("full_access_as_app",),
        secrets: dict[str, float] | None = None,
        scopes: Sequence[str] = (),
        owns_itself: bool = False,
        state: Literal["", "deleted", "public", "unpermitted"] = "",
        cloud: str = "",
    ) -> dict[str, Any]:
        """Register (or replace) an application with the ``keyCredentials`` of its manifest.

        ``roles`` is what an administrator consented to; ``secrets`` are client secrets with their end in seconds since 1970;
        ``scopes`` are globs of mailboxes that Exchange's own roles grant (RBAC for Applications). Roles for Graph begin with
        "Application."; ``owns_itself`` makes the application an owner of itself, as Application.ReadWrite.OwnedBy wants it. ``state``:
        it was deleted, registered as a public client, or nobody gave it a permission for Exchange; ``cloud``: its tenant is in that one.
        """
        found: dict[str, Any] = self._call(
            "register_app",
            manifest=manifest,
            tenant=tenant,
            client_id=client_id,
            roles=list(roles),
            secrets=secrets or {},
            scopes=list(scopes),
            owns_itself=owns_itself,
            state=state,
            cloud=cloud,
        )
        return found

    def revoke_key(self, thumbprint: str) -> int:
        """Remove a key by its SHA-1 thumbprint; how many applications had it."""
        return int(self._call("revoke_key", thumbprint=thumbprint))

    def add_service_account(self, name: str, principal: str, password: str, *, impersonates: Sequence[str] = ("*",)) -> None:
        """An account of a server on premises: ``DOMAIN\\user`` and ``user@domain``; ``impersonates`` are globs of mailboxes."""
        self._call("add_service_account", name=name, principal=principal, password=password, impersonates=list(impersonates))

    def offer_sign_ins(self, *sign_ins: Literal["bearer", "basic", "ntlm"]) -> None:
        """How Exchange lets in from now on; at first by bearer alone, as Exchange Online does."""
        self._call("offer_sign_ins", sign_ins=list(sign_ins))

    def wrong_passwords(self) -> dict[str, int]:
        """By account, how many in a row."""
        return {one["name"]: int(one["wrong"]) for one in self._call("service_accounts")["accounts"]}

    def refuse_ews(self, address: str, code: str = "ErrorAccessDenied") -> None:
        """A mailbox that refuses EWS from now on, with this code, as some tenants' group mailboxes do."""
        self._call("refuse_ews", address=address, code=code)

    def application(self, client_id: str) -> dict[str, Any]:
        """An application as it stands: ``object_id``, and ``keys`` with key_id, thumbprint (hexadecimal) and end."""
        found: dict[str, Any] = self._call("application", client_id=client_id)
        return found

    def refuse_tokens(self) -> None:
        """Every token that was issued up to now is refused from now on."""
        self._call("refuse_tokens")

    def token_lifetime(self, seconds: int) -> None:
        """How long tokens live that are issued from now on."""
        self._call("token_lifetime", seconds=seconds)

    def add_mailbox(self, address: str, kind: Kind = "group") -> None:
        """Add one empty mailbox; one that is there stays as it is."""
        self._call("add_mailboxes", mailboxes=[{"address": address, "kind": kind}])

    def add_mailboxes(self, mailboxes: Iterable[str | dict[str, str]], kind: Kind = "group") -> None:
        """Add many: addresses (of ``kind``), or objects with ``address`` and ``kind``."""
        wanted = [{"address": one, "kind": kind} if isinstance(one, str) else one for one in mailboxes]
        self._call("add_mailboxes", mailboxes=wanted)

    def remove_mailbox(self, address: str) -> bool:
        """Remove a mailbox and all that is in it, by its primary address; whether there was one."""
        return bool(self._call("remove_mailbox", address=address))

    def add_alias(self, address: str, alias: str, *, refused: str = "") -> None:
        """A mailbox is found by another address as well; or requests that name it so are ``refused`` with a code of Exchange's."""
        self._call("add_alias", address=address, alias=alias, refused=refused)

    def remove_alias(self, alias: str) -> bool:
        """Nothing is found by this address any more; whether something was. Not for a primary one."""
        return bool(self._call("remove_alias", alias=alias))

    def rename_mailbox(self, address: str, to: str, *, keep: bool = True) -> None:
        """A mailbox gets another primary address. The old one is kept as an alias, as Exchange does, unless that is taken away as well."""
        self._call("rename_mailbox", address=address, to=to, keep=keep)

    def make_mailbox_anew(self, address: str) -> None:
        """The mailbox is gone for good, and another one, empty, is found by its addresses."""
        self._call("make_mailbox_anew", address=address)

    def mailboxes(self) -> list[dict[str, Any]]:
        """Address, aliases, kind, security identifier (sid) and number of events of each."""
        found: list[dict[str, Any]] = self._call("mailboxes")
        return found

    # -- looking

    def events(self, address: str) -> list[Event]:
        """Everything in a calendar, every field (``timetable_sync.sandbox.control`` says which), series as their masters."""
        found: list[Event] = self._call("events", address=address)
        return found

    def all_events(self) -> dict[str, list[Event]]:
        """The same for every mailbox at once, by address."""
        found: dict[str, list[Event]] = self._call("all_events")
        return found

    def deleted_items(self, address: str) -> list[Event]:
        """What is in Deleted Items."""
        found: list[Event] = self._call("deleted_items", address=address)
        return found

    def mails(self) -> int:
        """How many mails would have been sent."""
        return len(self._call("mails"))

    def mail_list(self) -> list[dict[str, str]]:
        """The same mails, each with kind, from, to and subject."""
        found: list[dict[str, str]] = self._call("mails")
        return found

    def requests(self) -> dict[str, int]:
        """How often each operation was asked for since the last reset; ``token`` too."""
        found: dict[str, int] = self._call("requests")
        return found

    def reset_requests(self) -> None:
        """Count from zero, and forget the log."""
        self._call("reset_requests")

    def log(self) -> list[dict[str, Any]]:
        """Recent requests, oldest first: operation, mailbox, status, items."""
        found: list[dict[str, Any]] = self._call("log")
        return found

    def peak(self) -> int:
        """The most EWS requests that were open at one time since the last reset."""
        return int(self._call("peak"))

    # -- people

    def add_appointment(self, address: str, subject: str, start: datetime | str, end: datetime | str, **fields: Any) -> str:
        """A colleague's own appointment; its id."""
        values = {"subject": subject, "start": _plain(start), "end": _plain(end), **fields}
        return str(self._call("add_appointment", address=address, fields=values))

    def edit_event(self, address: str, item_id: str, **fields: Any) -> Event:
        """A colleague changes an event: subject, location, body, categories, start, end, busy … ; None takes a field away.

        ``not_given`` lists elements that Exchange leaves out of the event from then on.
        """
        values = {name: _plain(value) for name, value in fields.items()}
        found: Event = self._call("edit_event", address=address, item_id=item_id, fields=values)
        return found

    def delete_event(self, address: str, item_id: str, *, hard: bool = False) -> None:
        """A colleague deletes an event."""
        self._call("delete_event", address=address, item_id=item_id, hard=hard)

    def copy_event(self, address: str, item_id: str, *, to: str = "", **fields: Any) -> str:
        """A colleague copies an event, our marker included; the copy's id."""
        values = {name: _plain(value) for name, value in fields.items()}
        return str(self._call("copy_event", address=address, item_id=item_id, to=to, fields=values))

    def make_series(
        self, address: str, item_id: str, *, pattern: Literal["Daily", "Weekly"] = "Weekly", interval: int = 1, count: int = 4
    ) -> str:
        """A colleague makes an event recur; the id of the series' master."""
        return str(
            self._call("make_series", address=address, item_id=item_id, rule={"pattern": pattern, "interval": interval, "count": count})
        )

    def add_attendee(self, address: str, item_id: str, attendee: str, name: str = "") -> Event:
        """A colleague invites someone: the event becomes a meeting."""
        found: Event = self._call("add_attendee", address=address, item_id=item_id, attendee=attendee, name=name)
        return found

    # -- faults and time

    def set_fault(self, fault: dict[str, Any]) -> int:
        """Set a fault (``timetable_sync.sandbox.faults`` says how); its number."""
        return int(self._call("set_fault", fault=fault))

    def clear_faults(self) -> None:
        """Set none any more, and let go what is held back."""
        self._call("clear_faults")

    def catch_up(self) -> int:
        """Let be done at once what requests left to be done later (faults ``when`` later). Gives how much that was."""
        done: int = self._call("catch_up")
        return done

    def let_go(self) -> None:
        """Hold back no longer what is held back until whoever asked has gone (faults silence and slow without ``seconds``)."""
        self._call("let_go")

    def held(self) -> tuple[int, int]:
        """How many answers were held back so since the sandbox began: those that fell silent, and those that drip without end."""
        found = self._call("held")
        return int(found["silent"]), int(found["dripping"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, with how often each was seen and struck."""
        found: list[dict[str, Any]] = self._call("faults")
        return found

    def set_budgets(self, policy: dict[str, Any] | None) -> None:
        """Throttle as Exchange does (``timetable_sync.sandbox.throttling`` says how), from full budgets; None throttles nothing."""
        self._call("set_budgets", policy=policy)

    def budgets(self) -> dict[str, Any]:
        """What came of throttling since it was set: ``refused`` by code, the ``peak`` of open requests, ``spent_ms``."""
        found: dict[str, Any] = self._call("budgets")
        return found

    def advance_clock(self, seconds: float) -> str:
        """Push the sandbox's clock ahead (or back); what it says now."""
        return str(self._call("advance_clock", seconds=seconds))

    def clock(self) -> float:
        """The sandbox's clock, in seconds since 1970."""
        return float(self._call("clock"))

    def snapshot(self, name: str = "snapshot") -> str:
        """Remember everything as it is now."""
        return str(self._call("snapshot", name=name))

    def restore(self, name: str = "snapshot") -> None:
        """Make everything as it was then."""
        self._call("restore", name=name)
