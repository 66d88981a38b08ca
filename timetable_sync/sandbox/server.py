"""The sandbox as one HTTP server: token endpoints, EWS, Graph and control API; started, announced and ended cleanly.

Each request to a service beside Exchange is counted, and meets the faults that are set for its service.
"""

import asyncio
import contextlib
import gc
import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from timetable_sync.errors import UsageError
from timetable_sync.sandbox.control import Control, JsonText
from timetable_sync.sandbox.entra.applications import GraphRequest
from timetable_sync.sandbox.ews.http import Dropped, Exchange, drop, failing, send, silent
from timetable_sync.sandbox.faults import Faults
from timetable_sync.sandbox.persistence import StateFile, write_atomically
from timetable_sync.sandbox.world import World


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


#: Calls of the control API: name and JSON object.
Calls = Sequence[tuple[str, dict[str, Any]]]

#: A request larger than this is refused; Exchange's own limit for EWS.
_LARGEST = 64 * 1024 * 1024

#: How long after a change the state file is written, in seconds.
_SAVE_AFTER = 2.0


def application(world: World, control: Control) -> web.Application:
    """The web application that serves ``world``."""
    exchange = Exchange(control)

    async def token(request: web.Request, version: int) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}

        def issued() -> web.Response:
            scheme = request.headers.get("X-Forwarded-Proto", request.scheme)  # what stands before it may have taken off TLS
            url = f"{scheme}://{request.host}{request.path}"
            answer = world.entra.token(request.match_info["tenant"], form, url=url, version=version)
            headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
            return web.json_response(answer.body, status=answer.status, headers=headers)

        return await beside(control, request, "token", issued)

    async def graph(request: web.Request) -> web.StreamResponse:
        kind = request.content_type if request.can_read_body else ""
        asked = GraphRequest(request.method, request.match_info["rest"], request.query, request.headers, kind, await request.read())

        def answered() -> web.Response:
            answer = world.graph.answer(asked)
            return web.Response(status=204) if answer.body is None else web.json_response(answer.body, status=answer.status)

        return await beside(control, request, "graph", answered)

    async def token_v2(request: web.Request) -> web.StreamResponse:
        return await token(request, 2)

    async def token_v1(request: web.Request) -> web.StreamResponse:
        return await token(request, 1)

    async def controlled(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        try:
            data = await request.json() if request.can_read_body else {}
            result = control.call(name, data)
            text = result if isinstance(result, JsonText) else json.dumps(result)
            return web.json_response(text=f'{{"result":{text}}}')
        except LookupError as error:
            status = 400 if isinstance(error, KeyError) else 404
            return web.json_response({"error": f"{name}: {error.args[0]} is missing or unknown"}, status=status)
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    async def wrong_method(_: web.Request) -> web.Response:
        return web.Response(status=405, headers={"Allow": "POST"})

    async def dated(_: web.Request, response: web.StreamResponse) -> None:
        # By the clock that folders' times are taken from, too: who compares the two must not be misled.
        response.headers["Date"] = world.clock.text("%a, %d %b %Y %H:%M:%S GMT")

    app = web.Application(client_max_size=_LARGEST)
    app.on_response_prepare.append(dated)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", token_v2)
    app.router.add_post("/{tenant}/oauth2/token", token_v1)
    app.router.add_route("*", "/v1.0/{rest:.*}", graph)
    app.router.add_post("/EWS/Exchange.asmx", exchange.handle)
    app.router.add_post("/ews/exchange.asmx", exchange.handle)
    app.router.add_post("/sandbox/{name}", controlled)
    app.router.add_get("/sandbox/{name}", controlled)
    app.router.add_get("/EWS/Exchange.asmx", wrong_method)
    return app


async def _saving(state: StateFile) -> None:
    while True:
        await asyncio.sleep(_SAVE_AFTER)
        text = state.changed()
        if text is not None:
            await asyncio.to_thread(write_atomically, state.path, text)


async def _serve(host: str, port: int, state_path: Path | None, ready: Path | None, announce: Callable[[str], None], first: Calls) -> None:
    world = World()
    control = Control(world, Faults())
    state = StateFile(state_path, world) if state_path else None
    if state is not None:
        state.load()
    _prepare(control, first)
    runner = web.AppRunner(application(world, control), access_log=None, keepalive_timeout=120)
    await runner.setup()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(one, stopping.set)
    saver: asyncio.Task[None] | None = None
    try:
        site = web.TCPSite(runner, host, port, shutdown_timeout=1, backlog=512)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(
                f"the sandbox cannot listen on {host} port {port}: {error.strerror or error}",
                "Choose another --port, or leave it out to get a free one.",
            ) from error
        url = f"http://{'[' + host + ']' if ':' in host else host}:{runner.addresses[0][1]}"
        if state is not None:
            saver = asyncio.create_task(_saving(state))
        if ready is not None:
            write_atomically(ready, json.dumps({"url": url, "pid": os.getpid()}))
        announce(url)
        await stopping.wait()
    finally:
        if saver is not None:
            saver.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await saver
        await runner.cleanup()
        if state is not None:
            state.save()


def _prepare(control: Control, first: Calls) -> None:
    for name, data in first:
        try:
            control.call(name, data)
        except ValueError as error:
            raise UsageError(f"the sandbox refuses what it is to begin with ({name}): {error}") from error


def serve(*, host: str, port: int, state: Path | None, ready: Path | None, announce: Callable[[str], None], first: Calls = ()) -> None:
    """Serve until SIGTERM or Ctrl-C; ``announce`` is told the address once it listens, ``first`` are calls of the control API before that.

    Raises UsageError where the address is taken or the state file is not one.
    """
    # The world only grows, and what a request makes has no cycles: looking for cycles again and again would cost most of the time.
    gc.set_threshold(100_000, 50, 100)
    asyncio.run(_serve(host, port, state, ready, announce, first))
