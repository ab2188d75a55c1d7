#!/usr/bin/env python3
"""What onedoor costs while nothing happens, and how soon it answers.

Starts onedoor with five apps, waits until all are ready, and measures over --seconds:

  CPU    of onedoor itself (user and system, /proc/PID/stat), in percent of one CPU
  PSS    of onedoor itself (/proc/PID/smaps_rollup), and the anonymous part of it
  first  from exec to the first byte of a built-in answer, over --runs starts: median and the slowest twentieth

  scripts/idle-cost.py --onedoor dist/onedoor --seconds 60 --runs 30
"""
import argparse
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent

APP = """
import http.server, os, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *words):
        pass
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def config(port, apps):
    lines = [f'[server]\nlisten = "127.0.0.1:{port}"\n[routes]\n"/health" = {{ builtin = "health" }}\n[apps]']
    lines += [f'app{n} = {{ run = "python3 app.py", path = "/app{n}", strip = true }}' for n in range(apps)]
    return "\n".join(lines) + "\n"


def ask(port, path):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return wire.recv(64)


def first_byte(onedoor, folder):
    """Seconds from just before the fork to the first byte; connecting is tried as fast as it goes."""
    port = random.randrange(20_000, 30_000)
    (folder / "onedoor.toml").write_text(config(port, 0))
    began = time.perf_counter()
    door = subprocess.Popen([onedoor], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            answer = ask(port, "/health")
            break
        except OSError:
            pass
    took = time.perf_counter() - began
    assert b" 200 " in answer, answer
    door.send_signal(signal.SIGTERM)
    door.wait(20)
    return took


def ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def memory(pid, name):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onedoor", default=str(HERE / "dist/onedoor"))
    parser.add_argument("--apps", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--runs", type=int, default=30)
    args = parser.parse_args()
    onedoor = os.path.abspath(args.onedoor)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "app.py").write_text(APP)
        port = random.randrange(20_000, 30_000)
        (folder / "onedoor.toml").write_text(config(port, args.apps))
        door = subprocess.Popen([onedoor], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.1)
            for n in range(args.apps):
                assert b" 200 " in ask(port, f"/app{n}/")
            # What the start took goes back to the kernel a moment later.
            time.sleep(5)
            before, began = ticks(door.pid), time.monotonic()
            time.sleep(args.seconds)
            spent = (ticks(door.pid) - before) / os.sysconf("SC_CLK_TCK")
            cpu = 100 * spent / (time.monotonic() - began)
            pss, anonymous = memory(door.pid, "Pss"), memory(door.pid, "Pss_Anon")
        finally:
            door.send_signal(signal.SIGTERM)
            door.wait(20)
        print(f"{args.apps} apps, idle for {args.seconds:.0f} s: {cpu:.3f} % CPU, PSS {pss:.1f} MiB ({anonymous:.1f} anonymous)")
        firsts = sorted(1000 * first_byte(onedoor, folder) for _ in range(args.runs))
        slow = firsts[int(len(firsts) * 0.95)] if len(firsts) > 1 else firsts[0]
        print(f"first byte of /health after exec, {args.runs} starts: median {statistics.median(firsts):.1f} ms, p95 {slow:.1f} ms")


if __name__ == "__main__":
    main()
