"""Starting and ending the programs of a run: each in a process group of its own, each on its core."""

import contextlib
import errno
import os
import pathlib
import signal
import socket
import subprocess
import time

import machine

READY_WITHIN_SECONDS = 20.0

_running: list["Program"] = []


class NotStarted(Exception):
    """A program that ended, or does not answer; with what it wrote."""


class Program:
    """A program that runs until it is killed, with all it has started."""

    def __init__(self, argv, *, core, folder: pathlib.Path, environment=None, output=None):
        self.argv = [str(word) for word in argv]
        self.output = output or folder / "output"
        with open(self.output, "ab") as written:
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=lambda: machine.pin(core),
            )
        # Popen returns once the program is executed: that is where its start begins.
        self.executed_at = time.perf_counter()
        self.pid = self._process.pid
        _running.append(self)

    def has_ended(self) -> bool:
        """Whether it is no more."""
        return self._process.poll() is not None

    def failure(self) -> NotStarted:
        """Why it does not serve, as far as it said so."""
        said = self.output.read_text(errors="replace").strip()[-2000:] or "it said nothing"
        return NotStarted(f"{pathlib.Path(self.argv[0]).name} does not serve: {said}")

    def kill(self) -> None:
        """Ends it and its group at once; nothing of a benchmark is worth a graceful end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        if self in _running:
            _running.remove(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def kill_all() -> None:
    """For every way out of the run."""
    for program in list(_running):
        program.kill()


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_serving(program: Program, port: int, path: str, pause: float = 0.02) -> float:
    """Asks for a path until it is answered with 200; the seconds since the program was executed."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    while True:
        if _answers_200(port, request):
            return time.perf_counter() - program.executed_at
        if program.has_ended() or time.perf_counter() - program.executed_at > READY_WITHIN_SECONDS:
            raise program.failure()
        time.sleep(pause)


def _answers_200(port, request) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
    except OSError as error:
        if error.errno == errno.EMFILE:
            raise
        return False
