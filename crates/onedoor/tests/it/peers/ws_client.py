"""A WebSocket client that says on stdout what went well; any failure is an exception."""

import asyncio, resource, sys
import websockets
from websockets.asyncio.client import connect

PORT, WHAT = int(sys.argv[1]), sys.argv[2]
URL = f"ws://127.0.0.1:{PORT}"
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def crowd(path, count):
    """So many connections at the same time, each of which is heard and pinged."""
    opening = asyncio.Semaphore(100)

    async def opened():
        async with opening:
            return await connect(URL + path, compression=None, ping_interval=None, open_timeout=60)

    everybody = await asyncio.gather(*(opened() for _ in range(count)))

    async def talk(number, ws):
        await ws.send(f"hello {number}")
        assert await ws.recv() == f"hello {number}"
        await (await ws.ping())

    await asyncio.gather(*(talk(number, ws) for number, ws in enumerate(everybody)))
    # The last has not been closed while the first spoke.
    await asyncio.gather(*(talk(-number, ws) for number, ws in enumerate(everybody)))
    print(f"open {count}", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(ws.close() for ws in everybody))
    print(f"closed {count}", flush=True)


async def words(path):
    """Codes and reasons of both closes, a ping from the server, and messages of every size."""
    async with connect(URL + path, max_size=None) as ws:
        for size in (0, 1, 125, 126, 65535, 65536, 16 * 1024 * 1024):
            sent = bytes(size % 251 for _ in range(1)) * size
            await ws.send(sent)
            assert await ws.recv() == sent, size
        await ws.send("text: \u00e9\u20ac")
        assert await ws.recv() == "text: \u00e9\u20ac"
    assert ws.close_code == 1000, ws.close_code
    print("messages", flush=True)
    ws = await connect(URL + path)
    await ws.send("close 4001 bye")
    try:
        await ws.recv()
        raise SystemExit("the server did not close")
    except websockets.ConnectionClosed as closed:
        assert (closed.rcvd.code, closed.rcvd.reason) == (4001, "bye"), closed
    print("server closes", flush=True)
    ws = await connect(URL + path)
    await ws.close(4002, "enough")
    ws = await connect(URL + path)
    await ws.send("last close")
    assert await ws.recv() == "4002 enough"
    await ws.close()
    print("client closes", flush=True)


if WHAT == "crowd":
    asyncio.run(crowd(sys.argv[3], int(sys.argv[4])))
else:
    asyncio.run(words(sys.argv[3]))
