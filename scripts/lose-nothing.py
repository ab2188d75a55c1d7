#!/usr/bin/env python3
"""The promise under load: requests go on while replicas are killed and restarted, and none is lost.

Starts onedoor with a real uvicorn app, keeps a closed loop of connections busy (GET, and with --posts a POST with a
number of its own), kills replicas with SIGKILL and runs `onedoor restart` meanwhile, and counts:

  GET   every answer that is not a whole 200 is a failure
  POST  a 502 is honest, while its process was killed; a number that the app saw twice is a failure

Exit code 0: nothing was lost. Examples:

  scripts/lose-nothing.py --replicas 2 --kills 50 --restarts 20 --seconds 120
  scripts/lose-nothing.py --replicas 1 --kills 20
  scripts/lose-nothing.py --replicas 2 --restarts 20 --posts      # planned: not one request of any method
  scripts/lose-nothing.py --reloads 100 --websockets 200 --posts --large --seconds 60
"""
import argparse
import asyncio
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent

APP = '''
import os
BODY = b"x" * 16000
LARGE = b"y" * 200_000
SEEN = open("seen", "a", buffering=1)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["method"] == "POST":
        SEEN.write(body.decode()[:32].strip() + "\\n")
    answer = LARGE if scope["path"] == "/large" else BODY if scope["path"] == "/body" else b"ok %d" % os.getpid()
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(5):
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    length = (b"content-length", str(len(answer)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": answer})
'''

# Takes every upgrade and says back what it is told.
TUNNELS = '''
import asyncio, os
async def serve(reader, writer):
    try:
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        if b"upgrade" not in head.lower():
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
            return
        writer.write(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n")
        while piece := await reader.read(4096):
            writer.write(piece)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
async def main():
    await (await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]))).serve_forever()
asyncio.run(main())
'''

CONFIG = '''
[server]
listen = "127.0.0.1:{port}"
[apps.web]
run = "{python} -m uvicorn --log-level warning --no-access-log app:app"
path = "/"
replicas = {replicas}
restart = {{ backoff = "100ms..1s", give_up = "never" }}
[apps.tunnels]
run = "{python} tunnels.py"
path = "/tunnels"
[log]
access = "off"
'''


class Lost(Exception):
    """An answer that is none."""


class Tally:
    def __init__(self):
        self.done = 0
        self.failed = {}
        self.honest = 0
        self.slowest = 0.0
        self.number = 0
        self.tunnels = 0

    def fail(self, what):
        self.failed[what] = self.failed.get(what, 0) + 1


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    status = int(lines[0].split()[1])
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    if "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    else:
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    return status, fields, body


async def client(port, until, tally, posts, paths):
    reader = writer = None
    chance = random.Random(id(tally) + tally.number)
    while time.monotonic() < until:
        post = posts and chance.random() < 0.3
        began = time.monotonic()
        what = "POST" if post else "GET"
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if post:
                tally.number += 1
                body = f"{tally.number}".ljust(chance.choice([16, 200_000]))
                writer.write(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            else:
                writer.write(f"GET {chance.choice(paths)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            status, fields, body = await asyncio.wait_for(read_answer(reader), 60)
            if status == 200:
                tally.done += 1
            elif post and status == 502:
                tally.honest += 1
            else:
                tally.fail(f"{what} {status} {body[:80]!r}")
            if fields.get("connection") == "close":
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            tally.fail(f"{what} {type(error).__name__}: {error}")
            if writer is not None:
                writer.close()
            writer = None
        tally.slowest = max(tally.slowest, time.monotonic() - began)
    if writer is not None:
        writer.close()


async def websocket(port, until, tally):
    """Open from the first to the last moment; what it says comes back."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /tunnels HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        if b" 101 " not in head:
            return tally.fail(f"WebSocket {head[:40]!r}")
        tally.tunnels += 1
        while time.monotonic() < until:
            writer.write(b"still there?")
            await asyncio.wait_for(reader.readexactly(12), 60)
            await asyncio.sleep(0.2)
        writer.close()
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        tally.fail(f"WebSocket {type(error).__name__}: {error}")


async def reloads(args, folder, text, seconds, tally):
    """Another file each time: routes come and go, and every tenth time the app is another one."""
    for turn in range(args.reloads):
        await asyncio.sleep(seconds / (args.reloads + 1) / 2)
        more = "".join(f'"/route{turn}-{n}" = {{ respond = "{turn}" }}\n' for n in range(turn % 7))
        changed = text.replace("[log]", f"[routes]\n{more}[log]")
        changed = changed.replace("[apps.tunnels]", f'env = {{ TURN = "{turn // 10}" }}\n[apps.tunnels]')
        (folder / "onedoor.toml").write_text(changed)
        await command(args, folder, ["reload"], 1, 0, tally)
        if more and (status := await status_of(args.port, f"/route{turn}-0")) != 200:
            tally.fail(f"a new route answers {status}")


async def status_of(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    status, _, _ = await asyncio.wait_for(read_answer(reader), 60)
    writer.close()
    return status


def workers(door):
    """The pids of the app's processes."""
    children = pathlib.Path(f"/proc/{door}/task")
    pids = [pid for task in children.iterdir() for pid in (task / "children").read_text().split()]
    return [int(pid) for pid in pids if b"uvicorn" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]


async def kill(door, times, seconds):
    for _ in range(times):
        await asyncio.sleep(seconds / (times + 1))
        victims = workers(door)
        if victims:
            os.kill(random.choice(victims), signal.SIGKILL)


async def command(args, folder, words, times, seconds, tally):
    for turn in range(times):
        await asyncio.sleep(seconds / (times + 1))
        asked = await asyncio.create_subprocess_exec(
            args.onedoor, *[word.format(turn=turn) for word in words], cwd=folder, stderr=subprocess.PIPE
        )
        _, talk = await asked.communicate()
        if asked.returncode:
            print(f"{words[0]}: {talk.decode().strip()}")
            tally.refused = getattr(tally, "refused", 0) + 1


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onedoor", default=str(HERE / "dist/onedoor"))
    parser.add_argument("--python", default=str(HERE / "examples/zoo/python/.venv/bin/python"))
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--restarts", type=int, default=0)
    parser.add_argument("--reloads", type=int, default=0)
    parser.add_argument("--websockets", type=int, default=0)
    parser.add_argument("--posts", action="store_true")
    parser.add_argument("--large", action="store_true", help="200 KiB bodies and streams as well: a kill cuts these")
    args = parser.parse_args()
    args.onedoor = os.path.abspath(args.onedoor)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        port = random.randrange(20_000, 30_000)
        (folder / "app.py").write_text(APP)
        (folder / "tunnels.py").write_text(TUNNELS)
        text = CONFIG.format(port=port, python=args.python, replicas=args.replicas)
        (folder / "onedoor.toml").write_text(text)
        args.port = port
        log = open(folder / "log", "w+")
        door = subprocess.Popen([args.onedoor], cwd=folder, stdout=log, stderr=log)
        try:
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    await asyncio.sleep(0.01)
            tally = Tally()
            until = time.monotonic() + args.seconds
            paths = ["/", "/", "/body"] + (["/large", "/stream"] if args.large else [])
            clients = [client(port, until, tally, args.posts, paths) for _ in range(args.connections)]
            await asyncio.gather(
                *clients,
                kill(door.pid, args.kills, args.seconds),
                command(args, folder, ["restart", "web"], args.restarts, args.seconds, tally),
                reloads(args, folder, text, args.seconds, tally),
                *[websocket(port, until, tally) for _ in range(args.websockets)],
            )
        finally:
            door.send_signal(signal.SIGTERM)
            code = door.wait(20)
        seen = (folder / "seen").read_text().split()
        twice = len(seen) - len(set(seen))
        failed = sum(tally.failed.values())
        print(
            f"{args.replicas} replicas, {args.seconds:.0f} s, {args.kills} kills, {args.restarts} restarts, "
            f"{args.reloads} reloads, {tally.tunnels} WebSockets: "
            f"{tally.done} answers, {failed} failed, {tally.honest} honest 502 to POST, {twice} POSTs seen twice, "
            f"slowest {tally.slowest:.2f} s, end {code}"
        )
        for what, times in sorted(tally.failed.items(), key=lambda item: -item[1])[:10]:
            print(f"  {times} × {what}")
        if failed or twice or code or getattr(tally, "refused", 0):
            log.seek(0)
            print(log.read()[-4000:])
            sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main())
