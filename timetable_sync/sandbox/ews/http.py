"""EWS over HTTP: takes a request, lets faults on demand have their way with it, sends the answer. Decides no calendar matter."""

import asyncio
import time
import zlib
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from timetable_sync.sandbox.control import Control
from timetable_sync.sandbox.delays import Held
from timetable_sync.sandbox.entra.tokens import Grant
from timetable_sync.sandbox.ews.auth import Doors
from timetable_sync.sandbox.ews.responses import EMPTY, EwsError, SoapFault, envelope, value_xml
from timetable_sync.sandbox.ews.service import Answer, Asked, Faulty, carry_out, look_at, refused, unauthorised
from timetable_sync.sandbox.faults import Fault
from timetable_sync.sandbox.throttling import Admitted

_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>The service answered for the sandbox.</p></body></html>"

#: Answers shorter than this are not worth compressing.
_COMPRESS_FROM = 1024


class Dropped(Exception):
    """The connection was dropped on demand: there is nothing more to send."""


def drop(request: web.Request) -> None:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    raise Dropped


def failing(fault: Fault) -> web.Response:
    """The answer of a server (or of something before it) that fails as the fault says."""
    status = int(fault.get("status", 503))
    headers = {}
    if (wait := fault.get("retry_after")) is not None:
        moment = datetime.fromtimestamp(time.time() + float(wait), UTC)
        headers["Retry-After"] = format_datetime(moment, usegmt=True) if fault.get("retry_after_date") else str(wait)
    text = str(fault.get("body", _HTML.format(f"{status} {_REASONS.get(status, 'Error')}")))
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


_REASONS = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway"}
_REASONS |= {503: "Service Unavailable", 504: "Gateway Timeout"}


async def silent(request: web.Request, fault: Fault, held: Held) -> None:
    """Say nothing for as long as the fault says, then close the connection."""
    if (seconds := fault.get("seconds")) is None:
        await held.hold(request)
    else:
        await asyncio.sleep(float(seconds))
    drop(request)


async def send(request: web.Request, response: web.Response, after: list[Fault], held: Held) -> web.StreamResponse:
    """Send an answer: whole, or as the faults that strike after the work have it."""
    payload = response.body if isinstance(response.body, bytes) else b""
    for fault in after:
        if fault.what == "silence":
            await silent(request, fault, held)
        if fault.what == "drop" and fault.when == "after":
            drop(request)
        if fault.what in ("http", "busy") and fault.when == "after":
            return failing(fault) if fault.what == "http" else _busy(fault)
        if fault.what == "malformed":
            response.headers.pop("Content-Encoding", None)
            return web.Response(status=200, text="<s:Envelope><s:Body><m:Unfinished", content_type="text/xml")
        if fault.what == "truncated":
            # Within what it says: whatever cut it off packed the rest anew.
            if response.headers.pop("Content-Encoding", None):
                payload = zlib.decompress(payload, 31)
            return web.Response(status=response.status, body=payload[: len(payload) // 2], headers=response.headers)
        if fault.what == "slow" or (fault.what == "drop" and fault.when == "during"):
            stream = web.StreamResponse(status=response.status, headers=response.headers)
            stream.content_length = len(payload)
            await stream.prepare(request)
            if fault.what == "drop":
                await stream.write(payload[: len(payload) // 2])
                # What was written must be on its way before the connection goes.
                await asyncio.sleep(0.05)
                drop(request)
            pieces = int(fault.get("pieces", 10))
            step = max(1, len(payload) // pieces)
            try:
                if (seconds := fault.get("seconds")) is None:
                    await held.drip(request, stream, payload)
                    drop(request)
                for at in range(0, len(payload), step):
                    await asyncio.sleep(float(seconds) / pieces)
                    await stream.write(payload[at : at + step])
                await stream.write_eof()
            except ConnectionError:
                # Who asked has had enough.
                drop(request)
            return stream
    return response


def _busy(fault: Fault) -> web.Response:
    failure = SoapFault("ErrorServerBusy")
    failure.xml = value_xml("BackOffMilliseconds", str(int(fault.get("backoff_ms", 1000))))
    return _response(refused(failure), compress=False)


def _refusal(fault: Fault) -> web.Response:
    """The SOAP fault that the fault wants."""
    failure = SoapFault(str(fault.get("code", "ErrorInternalServerError")), str(fault.get("sentence", "")))
    if (wait := fault.get("backoff_ms")) is not None:
        failure.xml = value_xml("BackOffMilliseconds", str(int(wait)))
    return _response(refused(failure), compress=False)


def _response(answer: Answer, *, compress: bool) -> web.Response:
    payload = answer.text.encode("utf-8")
    headers = {**answer.headers, "X-BEServer": "SANDBOX01", "request-id": f"{time.time_ns():x}"}
    if compress and len(payload) >= _COMPRESS_FROM:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        payload = packer.compress(payload) + packer.flush()
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(status=answer.status, body=payload, content_type="text/xml", charset="utf-8", headers=headers)


class Exchange:
    """The endpoint /EWS/Exchange.asmx."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._world = control.world
        self._doors = Doors(control.world)
        self._open = 0
        #: The latest good answers, by operation; the very latest last.
        self._given: dict[str, web.Response] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self._open += 1
        self._control.peak = max(self._control.peak, self._open)
        entry: dict[str, Any] = {"operation": "invalid", "mailbox": "", "status": 0, "items": 0, "at": self._world.clock.text()}
        entry["anchor"] = request.headers.get("X-AnchorMailbox", "")
        self._world.log.append(entry)
        try:
            response = await self._handle(request, await request.read(), entry)
            entry["status"] = response.status
            return response
        except Dropped:
            entry["status"] = -1
            return web.Response(status=500)
        finally:
            self._open -= 1

    async def _handle(self, request: web.Request, body: bytes, entry: dict[str, Any]) -> web.StreamResponse:
        asked: Asked | SoapFault
        if (begun := self._doors.beginning(request)) is not None:
            entry["operation"] = "sign-in"
            self._world.requests["sign-in"] += 1
            return begun
        try:
            asked = look_at(body)
            entry |= {"operation": asked.operation, "mailbox": asked.address, "items": asked.items}
        except SoapFault as failure:
            asked = failure
        self._world.requests[entry["operation"]] += 1
        faults = self._control.faults.met_by(entry["operation"], entry["mailbox"])
        entry["faults"] = [fault.what for fault in faults]
        for fault in faults:
            if fault.what == "latency":
                await asyncio.sleep(float(fault.get("seconds", 1)))
            elif fault.what == "silence" and fault.when == "before":
                await silent(request, fault, self._control.held)
            elif fault.when == "later":
                seconds = fault.get("seconds")
                self._control.later.put_off(None if seconds is None else float(seconds), lambda: self._late(request, asked, faults))
                if fault.what == "http":
                    return failing(fault)
                drop(request)
            elif early := self._early(request, fault):
                return early
        response = self._named(request, await self._within_budget(request, asked, faults))
        for fault in faults:
            if fault.what == "other_answer":
                return self._given_before(fault)
            if fault.what == "fault" and fault.when == "after":
                return self._named(request, _refusal(fault))
        if response.status == 200:
            self._given.pop(entry["operation"], None)
            self._given[entry["operation"]] = response
        return await send(request, response, faults, self._control.held)

    def _late(self, request: web.Request, asked: Asked | SoapFault, faults: list[Fault]) -> None:
        """Do the work; nobody hears of it."""
        grant = self._doors.grant(request)
        if isinstance(grant, Grant):
            self._work(request, asked, faults, grant)

    @staticmethod
    def _named(request: web.Request, response: web.Response) -> web.Response:
        """With the request's own id, where it asks for that.

        https://learn.microsoft.com/exchange/client-developer/exchange-web-services/instrumenting-client-requests-for-ews-and-rest-in-exchange
        """
        own = request.headers.get("client-request-id", "")
        if own and request.headers.get("return-client-request-id", "").lower() == "true":
            response.headers["client-request-id"] = own
        return response

    def _given_before(self, fault: Fault) -> web.Response:
        """An answer that was given to another request."""
        wanted = str(fault.get("of", "")) or next(reversed(self._given), "")
        given = self._given.get(wanted)
        if given is None:
            return _response(Answer(200, envelope("FindItem", [EMPTY])), compress=False)
        return web.Response(status=given.status, body=given.body, headers=given.headers)

    def _early(self, request: web.Request, fault: Fault) -> web.Response | None:
        """The answer of a fault that strikes before the work; None where it does not."""
        if fault.when == "before":
            if fault.what == "drop":
                drop(request)
            if fault.what == "http":
                return failing(fault)
            if fault.what == "busy" and not fault.get("inside"):
                return _busy(fault)
            if fault.what == "other_answer":
                return self._given_before(fault)
            if fault.what == "fault":
                return self._named(request, _refusal(fault))
        if fault.what == "expired_token":
            return _response(unauthorised("The token has expired."), compress=False)
        if fault.what == "revoked":
            self._world.revoke_everything()
        return None

    async def _within_budget(self, request: web.Request, asked: Asked | SoapFault, faults: list[Fault]) -> web.Response:
        """The answer, after the time that it costs, where time is limited."""
        grant = self._doors.grant(request)
        if not isinstance(grant, Grant):
            return grant
        budgets = self._world.budgets
        try:
            admitted = None if isinstance(asked, SoapFault) else budgets.admit(grant.client_id, asked.address, asked.items)
        except SoapFault as failure:
            return _response(refused(failure), compress=False)
        if admitted is None:
            return self._work(request, asked, faults, grant)
        try:
            await asyncio.sleep(admitted.seconds)
            return self._work(request, asked, faults, grant, admitted)
        finally:
            budgets.leave(admitted)

    def _work(
        self, request: web.Request, asked: Asked | SoapFault, faults: list[Fault], grant: Grant, admitted: Admitted | None = None
    ) -> web.Response:
        compress = "gzip" in request.headers.get("Accept-Encoding", "")
        if request.content_type != "text/xml":
            return web.Response(status=415)
        if isinstance(asked, SoapFault):
            return _response(refused(asked), compress=False)
        errors: dict[int, EwsError] = {}
        told: dict[int, EwsError] = {}
        missing: set[int] = set()
        page: int | None = None
        for fault in faults:
            if fault.what == "missing_items":
                missing.update(int(one) for one in fault.get("items", [0]))
            elif fault.what == "short_pages":
                page = max(1, int(fault.get("most", 100)))
            elif fault.what == "item_error" or (fault.what == "busy" and fault.get("inside") and fault.when == "before"):
                code = "ErrorServerBusy" if fault.what == "busy" else str(fault.get("code", "ErrorInternalServerError"))
                wait = fault.get("backoff_ms", 1000 if fault.what == "busy" else None)
                xml = "" if wait is None else value_xml("BackOffMilliseconds", str(int(wait)))
                for index in fault.get("items", [-1]):
                    (errors if fault.when == "before" else told)[int(index)] = EwsError(code, str(fault.get("sentence", "")), xml=xml)
        if admitted is not None and admitted.refusal is not None and isinstance(asked, Asked):
            errors |= dict.fromkeys(range(admitted.first_refused, asked.items), admitted.refusal)
        faulty = Faulty(errors, told, frozenset(missing), page)
        answer = carry_out(self._world, asked, grant, request.headers, faulty)
        return _response(answer, compress=compress)
