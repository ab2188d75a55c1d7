"""A running container as the tests see it: its log as it comes, its door, its terminal, its end.

ENGINE=docker runs the same with docker. Nothing here waits for time to pass: only for a line, an answer, an exit.
"""

import contextlib
import fcntl
import http.client
import itertools
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time

ENGINE = os.environ.get("ENGINE", "podman")
# What is still not there after so long will not come.
PATIENCE = 60
NUMBERS = itertools.count(1)
# The engine's own idea of a read-only root leaves more than /tmp to write to.
READ_ONLY = ["--read-only", *(["--read-only-tmpfs=false"] if ENGINE == "podman" else []), "--tmpfs", "/tmp"]


class Broken(Exception):
    """A promise that was not kept, in words."""


def engine(*words, check=True):
    done = subprocess.run([ENGINE, *words], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise Broken(f"{ENGINE} {' '.join(words)}: {done.stderr.strip()[-600:]}")
    return done


def expect(found, wanted, what):
    if found != wanted:
        raise Broken(f"{what}: {found!r} instead of {wanted!r}")


def new_name():
    return f"onedoor-test-{os.getpid()}-{next(NUMBERS)}"


def published(name, port):
    told = engine("port", name, f"{port}/tcp", check=False).stdout.split()
    return int(told[0].rsplit(":", 1)[1]) if told else None


def remove(name):
    engine("rm", "-f", *(["-t", "0"] if ENGINE == "podman" else []), name, check=False)


class Container:
    """One that runs in the background."""

    def __init__(self, *options, image="zoo", command=(), port=8000):
        self.name = new_name()
        self.lines = []
        self.news = threading.Condition()
        engine("run", "-d", "--name", self.name, "-p", f"127.0.0.1::{port}", *options, image, *command)
        self.port = published(self.name, port)
        self.log = subprocess.Popen(
            [ENGINE, "logs", "-f", self.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_log(self):
        for line in self.log.stdout:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()

    def line(self, pattern, times=1):
        """Waits for a line of the log."""

        def seen():
            return sum(1 for line in self.lines if re.search(pattern, line)) >= times

        with self.news:
            if not self.news.wait_for(seen, PATIENCE):
                raise Broken(f"no line {pattern!r} ({times}x) in\n{''.join(self.lines[-12:])}")

    def fetch(self, target, headers=None):
        return fetch(self.port, target, headers)

    def text(self, target):
        status, _, body = self.fetch(target)
        return status, body.decode()

    def address(self):
        """In the network that containers share."""
        return engine("inspect", "--format", "{{.NetworkSettings.IPAddress}}", self.name).stdout.strip()

    def exec(self, *command, check=True):
        return engine("exec", self.name, *command, check=check)

    def signal(self, name):
        engine("kill", "-s", name, self.name)

    def exit_code(self):
        done = subprocess.run([ENGINE, "wait", self.name], capture_output=True, text=True, timeout=PATIENCE)
        self.log.wait(PATIENCE)
        return int(done.stdout)

    def stop(self, grace=10):
        """Ends it as an engine does; its code, and how much of the grace it took."""
        began = time.monotonic()
        engine("stop", "-t", str(grace), self.name)
        took = time.monotonic() - began
        return self.exit_code(), took

    def remove(self):
        remove(self.name)
        self.log.kill()


@contextlib.contextmanager
def container(*options, **more):
    box = Container(*options, **more)
    try:
        yield box
    finally:
        box.remove()


def fetch(port, target, headers=None):
    """Status, fields, body. The door may not have opened yet; then whoever asks is refused or cut off."""
    end = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", target, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (ConnectionError, http.client.RemoteDisconnected) as error:
            if time.monotonic() > end:
                raise Broken(f"GET {target}: {error}") from error
            os.sched_yield()
        finally:
            connection.close()


class Terminal:
    """`run -it` with somebody at a terminal of our own."""

    def __init__(self, *options, image="zoo"):
        self.name = new_name()
        self.told = b""
        words = [ENGINE, "run", "-it", "--name", self.name, "-p", "127.0.0.1::8000", *options, image]
        self.pid, self.ours = pty.fork()
        if self.pid == 0:
            os.execvp(ENGINE, words)

    def read_until(self, pattern, times=1):
        while len(re.findall(pattern, self.told)) < times:
            if not self.read():
                raise Broken(f"the terminal went without {pattern!r}: {self.told[-600:]!r}")

    def read(self):
        if not select.select([self.ours], [], [], PATIENCE)[0]:
            raise Broken(f"the terminal is silent: {self.told[-600:]!r}")
        with contextlib.suppress(OSError):  # the terminal goes with its last user
            more = os.read(self.ours, 4096)
            self.told += more
            return more
        return b""

    def key(self, keys):
        os.write(self.ours, keys)

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def left(self):
        """Reads to the end; the code of the program at the terminal."""
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@contextlib.contextmanager
def terminal(*options, **more):
    seat = Terminal(*options, **more)
    try:
        yield seat
    finally:
        remove(seat.name)
        os.close(seat.ours)
