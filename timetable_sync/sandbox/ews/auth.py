"""Who asks, over HTTP: a token, Basic, or NTLM, which belongs to the connection. Decides nothing about mailboxes."""

import base64
import binascii
from asyncio import BaseTransport
from weakref import WeakKeyDictionary

from aiohttp import web

from timetable_sync.sandbox.entra.tokens import Grant, TokenRefused
from timetable_sync.sandbox.ews import ntlm
from timetable_sync.sandbox.ews.accounts import Account
from timetable_sync.sandbox.ews.service import grant_of, unauthorised
from timetable_sync.sandbox.world import World

_DOMAIN, _COMPUTER = "EXAMPLE", "SANDBOX01"


class Doors:
    """All ways in. An answer of their own is a 401: the beginning of a sign-in, or its end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._begun: WeakKeyDictionary[BaseTransport, ntlm.Challenge] = WeakKeyDictionary()
        self._inside: WeakKeyDictionary[BaseTransport, Account] = WeakKeyDictionary()

    def beginning(self, request: web.Request) -> web.Response | None:
        """The answer to a request that only begins a sign-in; None for all others, which are answered on their merits."""
        kind, given = _authorization(request)
        if kind != "ntlm" or "ntlm" not in self._world.accounts.sign_ins or request.transport is None:
            return None
        try:
            message = base64.b64decode(given, validate=True)
            if ntlm.kind_of(message) != 1:
                return None
            self._inside.pop(request.transport, None)
            begun = ntlm.challenge(message, domain=_DOMAIN, computer=_COMPUTER, now=self._world.clock.now())
        except (ntlm.NotNtlm, binascii.Error, ValueError):
            return self._closed()
        self._begun[request.transport] = begun
        return web.Response(status=401, headers={"WWW-Authenticate": f"NTLM {base64.b64encode(begun.answered).decode()}"})

    def grant(self, request: web.Request) -> Grant | web.Response:
        """What whoever asks may do, or the 401."""
        kind, given = _authorization(request)
        offered = self._world.accounts.sign_ins
        if kind == "bearer" and "bearer" in offered:
            try:
                return grant_of(self._world, request.headers)
            except TokenRefused as refusal:
                return _of(unauthorised(str(refusal)).headers)
        account: Account | None = None
        if kind == "basic" and "basic" in offered:
            account = self._basic(given)
        elif "ntlm" in offered and request.transport is not None:
            account = self._ntlm(request.transport, given) if kind == "ntlm" else self._inside.get(request.transport)
        return self._closed() if account is None else Grant(account.name, "", [], account)

    def _basic(self, given: str) -> Account | None:
        try:
            user, colon, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            return None
        return self._world.accounts.by_password(user, password) if colon else None

    def _ntlm(self, connection: BaseTransport, given: str) -> Account | None:
        begun = self._begun.pop(connection, None)
        if begun is None:
            return None
        try:
            account = self._world.accounts.by_proof(ntlm.proof(base64.b64decode(given, validate=True)), begun)
        except (ntlm.NotNtlm, binascii.Error, ValueError):
            return None
        if account is not None:
            self._inside[connection] = account
        return account

    def _closed(self) -> web.Response:
        offered = self._world.accounts.sign_ins
        response = _of(unauthorised("").headers if "bearer" in offered else {})
        if "ntlm" in offered:
            response.headers.add("WWW-Authenticate", "NTLM")
        if "basic" in offered:
            response.headers.add("WWW-Authenticate", 'Basic realm="sandbox"')
        return response


def _of(headers: dict[str, str]) -> web.Response:
    return web.Response(status=401, headers=headers)


def _authorization(request: web.Request) -> tuple[str, str]:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower(), given.strip()
