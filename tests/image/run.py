"""Runs an image of the zoo in real containers and says, a line each, which promises it keeps. make test-image calls it.

    python3 tests/image/run.py [WORD...]     only the groups that begin with a WORD: table, signals, matrix, ...

Needs podman, an image called `zoo`, and dist/onedoor. It waits for events (a line of the log, an answer, an exit), never
for time to pass.
"""

import contextlib
import http.client
import itertools
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
ENGINE = "podman"
# What is still not there after so long will not come.
PATIENCE = 60
NUMBERS = itertools.count(1)


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


class Container:
    """A running container: its log as it comes, its door, its end."""

    def __init__(self, *options, image="zoo", command=(), port=8000):
        self.name = f"onedoor-test-{os.getpid()}-{next(NUMBERS)}"
        self.lines = []
        self.news = threading.Condition()
        engine("run", "-d", "--name", self.name, "-p", f"127.0.0.1::{port}", *options, image, *command)
        published = engine("port", self.name, f"{port}/tcp", check=False).stdout.strip()
        self.port = int(published.rsplit(":", 1)[1]) if published else None
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
        """Status, fields, body. The door may not have opened yet; then whoever asks is refused or cut off."""
        end = time.monotonic() + PATIENCE
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
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

    def text(self, target):
        status, _, body = self.fetch(target)
        return status, body.decode()

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
        engine("rm", "-f", "-t", "0", self.name, check=False)
        self.log.kill()


@contextlib.contextmanager
def container(*options, **more):
    box = Container(*options, **more)
    try:
        yield box
    finally:
        box.remove()


GROUPS = []


def promises(function):
    """A group: a generator of (promise, check)."""
    GROUPS.append(function)
    return function


# The table of crates/onedoor/tests/it/zoo.rs.
TABLE = [
    ("/", "I'm Python!\r\n[]\r\n"),
    ("/a/b/c", "I'm Python!\r\n[a/b/c]\r\n"),
    ("/nodejs", "I'm Python!\r\n[nodejs]\r\n"),
    ("/gopher/x", "I'm Python!\r\n[gopher/x]\r\n"),
    ("/googled", "I'm Python!\r\n[googled]\r\n"),
    ("/health/", "I'm Python!\r\n[health/]\r\n"),
    ("/node", "I'm Node!\r\n[/node]\r\n"),
    ("/node/", "I'm Node!\r\n[/node/]\r\n"),
    ("/node/a/b/c", "I'm Node!\r\n[/node/a/b/c]\r\n"),
    ("/node/a?b=c&d", "I'm Node!\r\n[/node/a?b=c&d]\r\n"),
    ("/go", "I'm Go!\r\n[/go]\r\n"),
    ("/go/a/b/c", "I'm Go!\r\n[/go/a/b/c]\r\n"),
]


def keeps_the_table(box):
    for target, body in TABLE:
        expect(box.text(target), (200, body), target)
    expect(box.fetch("/health")[0], 200, "/health")


def ends_well(box, grace=10):
    code, took = box.stop(grace)
    expect(code, 0, "exit code")
    if took >= grace:
        raise Broken(f"the end took {took:.1f} s of {grace}")


APPS = ("-v", f"{HERE / 'apps'}:/test:ro")


def up(name):
    return {"command": ("up", "-f", f"/test/{name}.toml")}


@promises
def table():
    with container() as box:
        for target, body in TABLE:
            yield f"{target} is answered byte for byte", lambda t=target, b=body: expect(box.text(t), (200, b), t)
        yield "/health says 200", lambda: expect(box.fetch("/health")[0], 200, "/health")
        yield "/google leads to the other site, or is told as a 502 where there is no internet", lambda: google(box)
        yield "the image's HEALTHCHECK is content", lambda: box.exec("/onedoor", "health", "-f", "/srv/onedoor.toml")


def google(box):
    status, fields, _ = box.fetch("/google/")
    if status not in (200, 301, 302, 307, 308, 429, 502, 504):
        raise Broken(f"status {status}, {dict(fields)}")


@promises
def signals():
    yield "podman stop ends within the grace with 0, and every app saw its signal", stopped_by_term
    yield "SIGINT ends it with 0, and every app saw its signal", stopped_by_int
    yield "a second SIGTERM shortens the wait for an app that will not end", told_twice
    yield "an app that is killed comes back", killed_app_comes_back
    yield "the exit code of an essential app is the container's", essential_code
    yield "Ctrl-C in `run -it` ends it with 0", control_c


def ready(box, apps):
    box.line(r"ready in", apps)


def stopped_by_term():
    with container(*APPS, **up("signals")) as box:
        ready(box, 2)
        box.line("waits")
        ends_well(box)
        box.line("heard SIG", 3)


def stopped_by_int():
    with container(*APPS, **up("signals")) as box:
        ready(box, 2)
        box.line("waits")
        box.signal("INT")
        expect(box.exit_code(), 0, "exit code")
        box.line("heard SIG", 3)


def told_twice():
    with container(*APPS, **up("stubborn")) as box:
        ready(box, 1)
        began = time.monotonic()
        box.signal("TERM")
        box.line("heard SIGTERM")
        box.signal("TERM")
        box.exit_code()
        took = time.monotonic() - began
        if took > 5:
            raise Broken(f"it took {took:.1f} s")


def killed_app_comes_back():
    with container(*APPS, **up("signals")) as box:
        first = box.text("/")[1].strip()
        ready(box, 2)
        box.exec("sh", "-c", f"kill -9 {first}")
        ready(box, 3)
        status, second = box.text("/")
        expect(status, 200, "status")
        if second.strip() == first:
            raise Broken(f"process {first} still answers")


def essential_code():
    with container(*APPS, **up("quits")) as box:
        expect(box.exit_code(), 42, "exit code")


def control_c():
    name = f"onedoor-test-{os.getpid()}-tty"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(ENGINE, [ENGINE, "run", "--rm", "-it", "--name", name, "zoo"])
    told = b""
    try:
        while told.count(b"ready in") < 3:
            told += os.read(terminal, 4096)
        os.write(terminal, b"\x03")
        with contextlib.suppress(OSError):  # the terminal goes with its last user
            while more := os.read(terminal, 4096):
                told += more
        expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, "exit code")
        if b"every app has ended" not in told:
            raise Broken(f"the end is not told: {told[-400:]!r}")
    finally:
        engine("rm", "-f", "-t", "0", name, check=False)


def denying_profile():
    """The engine's own profile without the newer calls: what an old host or a strict sandbox refuses."""
    denied = ["io_uring_setup", "io_uring_enter", "io_uring_register", "pidfd_open", "pidfd_send_signal",
              "pidfd_getfd", "splice", "tee", "vmsplice"]
    profile = json.loads(Path("/usr/share/containers/seccomp.json").read_text())
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name not in denied]
    profile["syscalls"] = [rule for rule in profile["syscalls"] if rule["names"]]
    profile["syscalls"].append({"names": denied, "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": []})
    file = Path(tempfile.mkdtemp(prefix="onedoor-seccomp-")) / "denying.json"
    file.write_text(json.dumps(profile))
    return str(file)


@promises
def matrix():
    rows = [
        ("root", ["--user", "0"], "user 0|root"),
        ("--user 10001", ["--user", "10001"], "user 10001"),
        ("--read-only, tmpfs /tmp alone", ["--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp"], "read-only"),
        ("--security-opt no-new-privileges", ["--security-opt", "no-new-privileges"], "no_new_privs"),
        ("--cap-drop ALL", ["--cap-drop", "ALL"], "only those from 1024 on"),
        ("--init, not PID 1", ["--init"], "subreaper"),
        ("--pids-limit 64", ["--pids-limit", "64"], "limits"),
        ("--memory 256m", ["--memory", "256m"], "256 MiB"),
        ("no io_uring, pidfd, splice", ["--security-opt", f"seccomp={denying_profile()}"], "seccomp filter"),
    ]
    for name, options, word in rows:
        yield f"{name}: the same answers, doctor says so, a clean end", lambda o=options, w=word: same_answers(o, w)
    yield "no splice: a large body arrives whole", lambda: large_body(rows[-1][1])
    yield "--memory 128m and an app that eats it: told with the figures", out_of_memory


def same_answers(options, word):
    with container(*options) as box:
        keeps_the_table(box)
        doctor = box.exec("/onedoor", "doctor").stdout
        if not re.search(word, doctor) or re.search("^broken", doctor, re.M):
            raise Broken(f"onedoor doctor does not say {word!r}, or something is broken:\n{doctor}")
        ends_well(box)


def large_body(options):
    with container(*options, *APPS, **up("signals")) as box:
        expect(len(box.fetch("/big")[2]), 8 << 20, "length")


def out_of_memory():
    with container("--memory", "128m", *APPS, **up("hungry")) as box:
        box.line(r"memory ran out \(the container may use 128 MiB")
        expect(box.exit_code(), 137, "exit code")


# What each platform does to a container, as far as its papers say it.
PLATFORMS = [
    ("Docker", [], 8000, "TERM", 10),
    ("Cloud Run", ["-e", "K_SERVICE=zoo", "-e", "PORT=8080"], 8080, "TERM", 10),
    ("Fly", ["-e", "FLY_APP_NAME=zoo", "-e", "PORT=8080", "--init"], 8080, "INT", 5),
    ("Hugging Face", ["-e", "SPACE_ID=me/zoo", "-e", "PORT=7860", "--user", "1000"], 7860, "TERM", 10),
    ("Render", ["-e", "RENDER=true", "-e", "PORT=10000"], 10000, "TERM", 30),
    ("Heroku", ["-e", "DYNO=web.1", "-e", "PORT=31337", "--user", "23456"], 31337, "everyone", 30),
    ("Azure Container Apps", ["-e", "CONTAINER_APP_NAME=zoo", "-e", "PORT=8080"], 8080, "TERM", 30),
]


@promises
def platforms():
    for name, options, port, signal, deadline in PLATFORMS:
        promise = f"{name}: port {port}, {signal} and {deadline} s"
        yield promise, lambda n=name, o=options, p=port, s=signal, d=deadline: as_there(n, o, p, s, d)
        read_only = [*options, "--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp"]
        yield f"{promise}, read-only", lambda n=name, o=read_only, p=port, s=signal, d=deadline: as_there(n, o, p, s, d)


def as_there(name, options, port, signal, deadline):
    with container(*options, port=port) as box:
        keeps_the_table(box)
        doctor = box.exec("/onedoor", "doctor").stdout
        shown = {"Docker": "no known platform", "Fly": "Fly.io"}.get(name, name)
        if shown not in doctor:
            raise Broken(f"onedoor doctor does not say {shown!r}:\n{doctor}")
        began = time.monotonic()
        if signal == "everyone":
            # Its dyno manager signals every process, the apps before the door has told them.
            box.exec("sh", "-c", "kill -TERM -1", check=False)
            box.signal("TERM")
        else:
            box.signal(signal)
        expect(box.exit_code(), 0, "exit code")
        took = time.monotonic() - began
        if took >= deadline:
            raise Broken(f"the end took {took:.1f} s of {deadline}")


@promises
def size():
    import layers

    yield "onedoor's layer is its program alone, below its limit", lambda: layers.onedoor_alone("zoo")
    yield "no compiler, package manager's cache or list of packages is in any layer", lambda: layers.nothing_to_build("zoo")


@promises
def fixtures():
    import build

    yield from build.promises(container, expect)


def main(words):
    passed = failed = 0
    for group in GROUPS:
        if words and not any(group.__name__.startswith(word) for word in words):
            continue
        for promise, check in group():
            began = time.monotonic()
            try:
                check()
                passed += 1
                print(f"ok      {group.__name__}: {promise} ({time.monotonic() - began:.1f} s)", flush=True)
            except (Broken, AssertionError, OSError, subprocess.SubprocessError) as why:
                failed += 1
                print(f"FAILED  {group.__name__}: {promise}\n        {why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    # Somewhere to leave what the engine drops where it is called.
    with tempfile.TemporaryDirectory(prefix="onedoor-image-") as folder:
        os.chdir(folder)
        sys.exit(main(sys.argv[1:]))
