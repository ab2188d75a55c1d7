"""An echo over WebSocket that closes when it is told to and remembers how the last client closed."""

import asyncio, os, resource
import websockets
from websockets.asyncio.server import serve

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
last = "none"


async def echo(ws):
    global last
    try:
        async for message in ws:
            words = message.split(" ") if isinstance(message, str) else []
            if words[:1] == ["close"]:
                await ws.close(int(words[1]), words[2])
            elif words == ["last", "close"]:
                await ws.send(last)
            else:
                await ws.send(message)
    except websockets.ConnectionClosed:
        pass
    if ws.close_code is not None and ws.close_code >= 4000:
        last = f"{ws.close_code} {ws.close_reason}"


async def main():
    async with serve(echo, "127.0.0.1", int(os.environ["PORT"]), max_size=None, compression=None,
                     ping_interval=None, backlog=1024):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
