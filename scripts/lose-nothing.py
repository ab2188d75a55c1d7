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

CONFIG = '''
[server]
listen = "127.0.0.1:{port}"
[apps.web]
run = "{python} -m uvicorn --log-level warning --no-access-log app:app"
path = "/"
replicas = {replicas}
restart = {{ backoff = "100ms..1s", give_up = "never" }}
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
    parser.add_argument("--posts", action="store_true")
    parser.add_argument("--large", action="store_true", help="200 KiB bodies and streams as well: a kill cuts these")
    args = parser.parse_args()
    args.onedoor = os.path.abspath(args.onedoor)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        port = random.randrange(20_000, 30_000)
        (folder / "app.py").write_text(APP)
        (folder / "onedoor.toml").write_text(
            CONFIG.format(port=port, python=args.python, replicas=args.replicas)
        )
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
                command(args, folder, ["reload"], args.reloads, args.seconds, tally),
            )
        finally:
            door.send_signal(signal.SIGTERM)
            code = door.wait(20)
        seen = (folder / "seen").read_text().split()
        twice = len(seen) - len(set(seen))
        failed = sum(tally.failed.values())
        print(
            f"{args.replicas} replicas, {args.seconds:.0f} s, {args.kills} kills, {args.restarts} restarts: "
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
