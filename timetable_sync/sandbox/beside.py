"""The services beside Exchange: each request is counted, and meets the faults that are set for its service. Decides no answer."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from aiohttp import web

from timetable_sync.sandbox.control import Control
from timetable_sync.sandbox.exchange import Dropped, drop, failing, send, silent


async def beside(
    control: Control, request: web.Request, service: Literal["token", "graph"], work: Callable[[], web.Response]
) -> web.StreamResponse:
    """``work``'s answer, or what the faults make of it; ``work`` is not done where one strikes before."""
    world = control.world
    world.requests[service] += 1
    entry: dict[str, Any] = {"operation": service, "mailbox": "", "status": 0, "items": 0, "at": world.clock.text()}
    entry["path"] = f"{request.method} {request.path}"
    world.log.append(entry)
    faults = control.faults.met_by(service, "")
    entry["faults"] = [fault.what for fault in faults]
    try:
        for fault in faults:
            if fault.what == "latency":
                await asyncio.sleep(float(fault.get("seconds", 1)))
            elif fault.what == "http" and fault.when == "before":
                entry["status"] = int(fault.get("status", 503))
                return failing(fault)
            elif fault.what == "drop" and fault.when == "before":
                drop(request)
            elif fault.what == "silence" and fault.when == "before":
                await silent(request, fault, control.held)
            elif fault.what == "revoked":
                world.revoke_everything()
            elif fault.what == "other_answer":
                # Of another kind of request: a list, as Graph gives them.
                return web.json_response({"value": []})
        response = work()
        entry["status"] = response.status
        return await send(request, response, faults, control.held)
    except Dropped:
        entry["status"] = -1
        return web.Response(status=500)
