#!/usr/bin/env python3
"""What an app that floods its stdout costs its neighbour.

One app prints as fast as it can (4 KiB lines), one answers requests. Prints how much was flooded, how long the
neighbour's answers take without and with the flood, and what onedoor used; once with a reader of onedoor's output
that keeps up, once with one that never reads.

  scripts/flood.py --onedoor dist/onedoor --seconds 10
"""
import argparse
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent

QUIET = """
import http.server, os, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    wbufsize = -1
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *words):
        pass
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

FLOOD = """
import os, time
while not os.path.exists("flood"):
    time.sleep(0.01)
piece = (b"x" * 4095 + b"\\n") * 16
sent = 0
until = time.monotonic() + float(os.environ["SECONDS"])
while time.monotonic() < until:
    sent += os.write(1, piece)
open("sent", "w").write(str(sent))
time.sleep(600)
"""

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[apps]
quiet = {{ run = "python3 quiet.py", path = "/" }}
loud = {{ run = "python3 flood.py", env = {{ SECONDS = "{seconds}" }} }}
[log]
access = "off"
"""


def ask(port):
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := wire.recv(1024):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"ok"), answer
    return 1000 * (time.perf_counter() - began)


def latencies(port, seconds):
    until = time.monotonic() + seconds
    took = []
    while time.monotonic() < until:
        took.append(ask(port))
        time.sleep(0.005)
    took.sort()
    return f"{len(took)} answers, median {took[len(took) // 2]:.1f} ms, p99 {took[int(len(took) * 0.99)]:.1f} ms, slowest {took[-1]:.1f} ms"


def used(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) / 1024
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), pss


def trial(args, reader):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        port = random.randrange(20_000, 30_000)
        (folder / "quiet.py").write_text(QUIET)
        (folder / "flood.py").write_text(FLOOD)
        (folder / "onedoor.toml").write_text(CONFIG.format(port=port, seconds=args.seconds))
        read, write = os.pipe()
        out = subprocess.DEVNULL if reader == "keeps up" else write
        door = subprocess.Popen([args.onedoor], cwd=folder, stdout=out, stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    ask(port)
                    break
                except (OSError, AssertionError):
                    time.sleep(0.05)
            print(f"a reader that {reader}:")
            print(f"  before: {latencies(port, 3)}")
            cpu, _ = used(door.pid)
            (folder / "flood").write_text("")
            print(f"  during: {latencies(port, args.seconds)}")
            now, pss = used(door.pid)
            while not (folder / "sent").exists():
                time.sleep(0.1)
            flooded = int((folder / "sent").read_text() or 0) / args.seconds / 1e6
            print(f"  flooded {flooded:.0f} MB/s; onedoor used {now - cpu:.1f} s CPU in {args.seconds:.0f} s, PSS {pss:.1f} MiB")
        finally:
            door.send_signal(signal.SIGTERM)
            code = door.wait(30)
        assert code == 0, code
        os.close(read)
        os.close(write)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onedoor", default=str(HERE / "dist/onedoor"))
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    args.onedoor = os.path.abspath(args.onedoor)
    for reader in ["keeps up", "never reads"]:
        trial(args, reader)


if __name__ == "__main__":
    main()
