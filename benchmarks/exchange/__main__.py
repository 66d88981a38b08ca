"""The process: listens on a port of its own, which it writes on standard output, until standard input ends."""

import asyncio
import gc
import sys

from benchmarks.exchange.control import Control
from benchmarks.exchange.http import Connection


async def _serve() -> None:
    control = Control()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(control), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Nobody is left behind: who started it and ends takes its standard input along.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    # Millions of items, and no circles among them: to look for any would stop everything now and then.
    gc.disable()
    asyncio.run(_serve())
