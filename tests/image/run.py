"""Runs an image of the zoo in real containers and says, a line each, which promises it keeps. make test-image calls it.

    python3 tests/image/run.py [WORD...]     only the groups that begin with a WORD: table, signals, matrix, ...

Needs podman (or docker, with ENGINE=docker), an image called `zoo`, and dist/onedoor.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import google
from containers import READ_ONLY, Broken, container, engine, expect, fetch, published, terminal

GROUPS = []


def promises(function):
    """A group: a generator of (promise, check)."""
    GROUPS.append(function)
    return function


def answers():
    """Targets and bodies: the one table, which crates/onedoor/tests/it/zoo.rs reads, too."""
    for line in (HERE.parents[1] / "examples/zoo/answers.txt").read_text().splitlines():
        if not line.startswith("#"):
            target, name, seen = re.split("  +", line)
            yield target, f"{name}\r\n{seen}\r\n"


TABLE = list(answers())


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
        yield "the image's HEALTHCHECK is content", lambda: box.exec("/onedoor", "health", "-f", "/srv/onedoor.toml")
    yield "/google leads to the other site, with its own name as Host", google_is_asked
    yield "/google without an internet is a 502 that says so in the log, and nobody else is hurt", no_internet


def google_is_asked():
    folder = google.certificates()
    options, command = google.player(folder)
    try:
        with container(*options, command=command) as peer:
            peer.line("google.com is open")
            with container(*google.believer(folder, peer.address())) as box:
                for target, asked in [("/google", "/"), ("/google/", "/"), ("/google/search?q=a%20b", "/search?q=a%20b")]:
                    expect(box.text(target), (200, f"{asked} for google.com"), target)
    finally:
        shutil.rmtree(folder)


def no_internet():
    # Where nobody answers for names.
    with container("--dns", "127.0.0.1") as box:
        status, fields, body = box.fetch("/google/")
        expect((status, fields["Content-Type"]), (502, "text/plain; charset=utf-8"), "/google/")
        expect(body, b"The application behind this address did not answer properly.\n", "body")
        box.line("cannot resolve the name in https://google.com")
        keeps_the_table(box)


@promises
def signals():
    yield "podman stop ends within the grace with 0, and every app saw its signal", stopped_by_term
    yield "SIGINT ends it with 0, and every app saw its signal", stopped_by_int
    yield "a second SIGTERM shortens the wait for an app that will not end", told_twice
    yield "an app that is killed comes back", killed_app_comes_back
    yield "the exit code of an essential app is the container's", essential_code
    yield "Ctrl-C in `run -it` ends it with 0", control_c
    yield "Ctrl-C in `run -it --read-only` ends it with 0", lambda: control_c(*READ_ONLY)
    yield "a terminal that changes its size and is left does no harm", left_terminal


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


def control_c(*options):
    with terminal("--rm", *options) as seat:
        seat.read_until(b"ready in", 3)
        seat.key(b"\x03")
        expect(seat.left(), 0, "exit code")
        if b"every app has ended" not in seat.told:
            raise Broken(f"the end is not told: {seat.told[-400:]!r}")


def left_terminal():
    with terminal("--detach-keys", "ctrl-q") as seat:
        seat.read_until(b"ready in", 3)
        seat.resize(11, 33)
        # The engine takes it for itself: leave, and let it run.
        seat.key(b"\x11")
        expect(seat.left(), 0, "exit code of the terminal")
        expect(fetch(published(seat.name, 8000), "/node/a")[0], 200, "status once nobody looks")
        engine("stop", seat.name)
        expect(engine("wait", seat.name).stdout.strip(), "0", "exit code")


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


AS_INIT = ["door +runs as process 1 ", "init +PID 1 "]
REFUSED = ["less +calls +splice refused .EPERM. +large bodies are copied",
           "ok +calls +io_uring_setup, pidfd_open, pidfd_send_signal refused"]


@promises
def matrix():
    denying = ["--security-opt", f"seccomp={denying_profile()}"]
    rows = [
        ("root", ["--user", "0"], [*AS_INIT, "user +root "]),
        ("--user 10001", ["--user", "10001"], [*AS_INIT, "user +user 10001 "]),
        ("--read-only, tmpfs /tmp alone", READ_ONLY, [*AS_INIT, "root +read-only", "sockets +/tmp "]),
        ("--security-opt no-new-privileges", ["--security-opt", "no-new-privileges"], [*AS_INIT, "sandbox +no_new_privs"]),
        ("--cap-drop ALL", ["--cap-drop", "ALL"], [*AS_INIT, "user +user 10001 "]),
        ("root, --cap-drop ALL", ["--user", "0", "--cap-drop", "ALL"], [*AS_INIT, "less +user +root without CAP_SETUID"]),
        ("--init", ["--init"], ["door +runs as process (?!1 )[0-9]+ ", "init +PID (?!1,)[0-9]+, not 1 +a child subreaper"]),
        ("--pids-limit 64", ["--pids-limit", "64"], [*AS_INIT, "processes +at most 64 "]),
        ("--memory 128m", ["--memory", "128m"], [*AS_INIT, "memory +at most 128 MiB"]),
        ("no io_uring, pidfd, splice", denying, [*AS_INIT, *REFUSED]),
        ("all of these", [*READ_ONLY, *denying, "--security-opt", "no-new-privileges", "--cap-drop", "ALL", "--pids-limit", "64",
                          "--memory", "128m"], [*AS_INIT, *REFUSED, "root +read-only", "at most 128 MiB", "at most 64 "]),
    ]
    for name, options, words in rows:
        yield f"{name}: the same answers, doctor says so, a clean end", lambda o=options, w=words: same_answers(o, w)
    yield "no splice: a large body arrives whole", lambda: large_body(denying)
    yield "--memory 128m and an app that eats it: told with the figures", out_of_memory


def same_answers(options, words):
    with container(*options) as box:
        keeps_the_table(box)
        doctor = box.exec("/onedoor", "doctor").stdout
        missing = [word for word in words if not re.search(word, doctor)]
        if missing or re.search("^broken", doctor, re.M):
            raise Broken(f"onedoor doctor does not say {missing}, or something is broken:\n{doctor}")
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
        read_only = [*options, *READ_ONLY]
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
