"""The load: wrk, the WebSocket client of go/wsload, and connections that stay idle. One result in one shape."""

import contextlib
import json
import selectors
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

from settings import ROOT

WAVE = 64


class LoadFailed(Exception):
    """A load that did not run as it should have."""


@dataclass(frozen=True)
class Result:
    """What the load generator saw."""

    requests: int
    bytes: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Wrk:
    """HTTP requests by wrk, over one thread."""

    path: str
    connections: int
    headers: tuple[str, ...] = ()
    """Each "Name: value"; without the space wrk ignores it."""
    upload_bytes: int = 0

    def argv(self, port: int, seconds: int, _tools) -> list[str]:
        """The command."""
        fields = [word for header in self.headers for word in ("-H", header)]
        script = ["--", "upload", str(self.upload_bytes)] if self.upload_bytes else []
        return [
            shutil.which("wrk") or "wrk",
            *("-t1", f"-c{self.connections}", f"-d{seconds}s", "--timeout", "10s"),
            *("-s", str(ROOT / "bench/load/report.lua"), *fields),
            f"http://127.0.0.1:{port}{self.path}",
            *script,
        ]


@dataclass(frozen=True)
class WebSocket:
    """Echoes: each connection has one message under way."""

    size: int
    connections: int

    def argv(self, port: int, seconds: int, tools) -> list[str]:
        """The command."""
        return [
            str(tools.wsload),
            *("-address", f"127.0.0.1:{port}", "-connections", str(self.connections)),
            *("-size", str(self.size), "-duration", f"{seconds}s"),
        ]


def start(load, port: int, seconds: int, tools) -> subprocess.Popen:
    """Starts a load; `finish` waits for it."""
    return subprocess.Popen(
        load.argv(port, seconds, tools), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(running: subprocess.Popen, seconds: int) -> Result:
    """Waits for the load's end and reads its last line."""
    try:
        output, _ = running.communicate(timeout=seconds + 30)
    except BaseException:
        running.kill()
        raise
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if running.returncode != 0 or not lines:
        raise LoadFailed(f"the load generator failed: {output.strip()[-500:]}")
    said = json.loads(lines[-1])
    return Result(
        requests=said["requests"],
        bytes=said["bytes"],
        seconds=said["duration_us"] / 1e6,
        errors=said["errors"],
        p50_ms=said["p50_us"] / 1e3,
        p99_ms=said["p99_us"] / 1e3,
    )


@contextlib.contextmanager
def idle_connections(port: int, path: str, count: int):
    """Connections that have each served one request, in waves as clients come, and then stay."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            wave = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(min(WAVE, count - len(held)))]
            held += wave
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
            for connection in wave:
                connection.sendall(request)
            for connection in wave:
                _read_response(connection)
        yield held
    finally:
        for connection in held:
            connection.close()


def closed_among(held: list[socket.socket]) -> int:
    """How many of the idle connections the proxy has closed meanwhile."""
    with selectors.DefaultSelector() as selector:
        for connection in held:
            selector.register(connection, selectors.EVENT_READ)
        return len(selector.select(timeout=0))


def _read_response(connection) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0] + b" ":
        raise LoadFailed(f"an idle connection's request was answered {head[:60]!r}")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _some(connection)


def _some(connection) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise LoadFailed("the proxy closed a connection in the middle of its answer")
    return data


def settle(seconds: float = 5.0) -> None:
    """Lets a proxy give back what it gives back with a delay, before its memory is read."""
    time.sleep(seconds)
