"""The same night through a real proxy: every fault of the services as ever, and those that a proxy adds of its own.

What is on this machine is never asked by way of a proxy. So Exchange and Entra ID have names here that only the proxy knows, and as these
want TLS, it looks into its tunnels, as many networks' proxies do.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.forward_proxy import Fault, ForwardProxy, own_authority
from tests.proof.faults.cases import Case, Request, pairs, product, requests_of
from tests.proof.faults.kinds import EXCHANGE, KINDS, Expected, Kind
from tests.proof.faults.scene import Scene
from tests.proof.figures import Amount
from tests.sandbox_process import SandboxProcess
from timetable_sync.config.load import Loaded
from timetable_sync.sandbox.client import SandboxClient

ENTRA, SERVER = "entra.example.test", "exchange.example.test"

_BROKE: Final = "the connection to Exchange broke off"
_SILENT: Final = "Exchange did not answer within 1 seconds"
_NO_TLS: Final = f"no TLS connection to {ENTRA} comes about"
_NO_TOKEN: Final = ("cannot be reached for a token", None)


def _passed_on(name: str, said: str, what: str, when: str = "before", *, token: tuple[str, int | None] = _NO_TOKEN, **more: Any) -> Kind:
    """A fault of one request; ``when`` as in :class:`Fault`."""
    return Kind(
        f"proxy: {name}",
        {"what": f"proxy {what}", "when": when, **({"status": more["status"]} if "status" in more else {})},
        said,
        token=token,
        done=when != "before",
        waits=what == "silent",
    )


def _answered(status: int, when: str) -> Kind:
    name, token = f"{status}{' after the work' if when == 'after' else ''}", rf"Entra ID cannot give a token just now \(HTTP {status}"
    return _passed_on(name, rf"Exchange failed to answer \(HTTP {status}\)", "status", when, token=(token, None), status=status)


def _tunnel(name: str, said: str, what: str, when: str = "before", **more: Any) -> Kind:
    """A fault of the connection that a request needs: nobody is reached any more, so whatever comes next fails as well."""
    fault = {"what": f"proxy {what}", "when": when, "connect": True, **more}
    reached = rf"{SERVER} cannot be reached: {said}"
    ever = Expected(0, reached), Expected(1, rf"the run .*{reached}")
    otherwise = {"silent": f"{ENTRA} did not answer within 1 seconds", "garbled": _NO_TLS}
    token = otherwise.get(what, f"{ENTRA} cannot be reached for a token")
    other = dict.fromkeys((*EXCHANGE, "first", "idle"), ever)
    return Kind(f"proxy: {name}", fault, reached, token=(token, None), other=other, waits=what == "silent")


OWN: Final[list[Kind]] = [
    _passed_on("cut before it was passed on", _BROKE, "cut"),
    _passed_on("cut after the work", _BROKE, "cut", "after"),
    _passed_on("cut in the middle of the answer", _BROKE, "cut", "body"),
    _passed_on("reset after the work", _BROKE, "reset", "after"),
    _passed_on("garbled after the work", _BROKE, "garbled", "after", token=(_NO_TLS, None)),
    _answered(502, "before"),
    _answered(502, "after"),
    _answered(503, "before"),
    _answered(503, "after"),
    _answered(504, "before"),
    _answered(504, "after"),
    _passed_on("no answer", _SILENT, "silent", token=("did not answer within 1 seconds", None)),
    _passed_on("no answer, after the work", _SILENT, "silent", "after", token=("did not answer within 1 seconds", None)),
    _tunnel("tunnel refused by 407", r"the proxy refuses the way there \(HTTP 407\)", "status", status=407),
    _tunnel("tunnel refused by 502", r"the proxy refuses the way there \(HTTP 502\)", "status", status=502),
    _tunnel("hung up on the tunnel", "no connection", "cut"),
    _tunnel("tunnel reset before TLS stands", "Connection reset by peer", "reset", "after"),
    _tunnel("tunnel garbled before TLS stands", ".*SSL", "garbled", "after"),
    _tunnel("tunnel that stalls", "it did not take the connection in time", "silent"),
    _tunnel("tunnel that stalls before TLS stands", "it did not take the connection in time", "silent", "after"),
]


class _Both(SandboxClient):
    """Tells the sandbox and the proxy what is to go wrong. A tunnel is known by its number: that of the request it is for."""

    def __init__(self, url: str, proxy: ForwardProxy) -> None:
        super().__init__(url)
        self._proxy = proxy
        self.in_order: Sequence[Request] = ()

    def set_fault(self, fault: Mapping[str, Any]) -> int:
        who, _, what = fault["what"].partition(" ")
        if who != "proxy":
            return super().set_fault(dict(fault))
        given = {name: value for name, value in fault.items() if name not in ("what", "connect")}
        if fault.get("connect"):
            # For one request after the other, each on a connection of its own.
            self._proxy.keeps = False
            which = (fault["operation"], fault["mailbox"].strip("*"), fault["nth"])
            at = [(one.operation, one.mailbox, one.nth) for one in self.in_order].index(which)
            given |= {"operation": "CONNECT", "mailbox": "*", "nth": at + 1}
        self._proxy.faults.append(Fault(what, **given))
        return 0

    def clear_faults(self) -> None:
        super().clear_faults()
        self._proxy.faults, self._proxy.keeps = [], True

    def held(self) -> tuple[int, int]:
        silent, dripping = super().held()
        return silent + self._proxy.held, dripping

    def faults(self) -> list[dict[str, Any]]:
        return [*super().faults(), *({"struck": fault.struck} for fault in self._proxy.faults)]


class ByProxy(Scene):
    """A scene of which nothing reaches the sandbox but through the proxy."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, proxy: ForwardProxy, authority: Path) -> None:
        self._way = {
            "TIMETABLE_SYNC_NETWORK__PROXY": proxy.url,
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": f"https://{ENTRA}",
            "TIMETABLE_SYNC_ENTRA__CA_BUNDLE": str(authority),
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"https://{SERVER}/EWS/Exchange.asmx",
            "TIMETABLE_SYNC_EWS__CA_BUNDLE": str(authority),
        }
        self.proxy = proxy
        super().__init__(folder, sandbox)
        self._both = _Both(sandbox.url, proxy)
        self.client = self._both

    def configured(self, **environment: str) -> Loaded:
        """As of any scene, by the proxy."""
        return super().configured(**self._way, **environment)

    def requests(self) -> list[Request]:
        """The requests of a night, in whose order its tunnels are counted."""
        self._both.in_order = requests_of(self)
        return list(self._both.in_order)


@contextmanager
def scene_by_proxy(folder: Path, sandbox: SandboxProcess) -> Iterator[ByProxy]:
    """In ``folder``, with a proxy for as long as it lasts."""
    port, authority = urlsplit(sandbox.url).port or 0, own_authority(folder, ENTRA, SERVER)
    with ForwardProxy({ENTRA: port, SERVER: port}, authority) as proxy:
        yield ByProxy(folder, sandbox, proxy, authority)


def chosen(requests: Sequence[Request], amount: Amount, dice: random.Random, two: int) -> Iterator[tuple[str, list[Case]]]:
    """What is tried by the proxy, by what it is called: a share of all faults of the services, of the proxy's own, of ``two`` at a time."""
    for name, kinds in (("requests x faults, by a proxy", KINDS), ("requests x the proxy's own faults", OWN)):
        everything = product(requests, kinds)
        yield name, everything if amount.share >= 1 else dice.sample(everything, amount.of(len(everything)))
    # A tunnel is counted by the request that it is for, which another fault would move.
    mixed = pairs(requests, dice, [*KINDS, *(kind for kind in OWN if not kind.fault.get("connect"))])
    yield "two faults in one night, by a proxy, at random", [next(mixed) for _ in range(amount.of(two))]
