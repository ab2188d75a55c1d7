"""The machine: its cores, its descriptor limit, and what a report says of it. Never changes it beyond this process."""

import os
import platform
import resource
from dataclasses import dataclass

# More than any scenario needs; some proxies prepare memory for every descriptor they are allowed.
DESCRIPTORS_WANTED = 20_000


@dataclass(frozen=True)
class Cores:
    """Who runs where: the proxy alone, everybody else together."""

    proxy: int | None
    """None: not pinned, for there is only one CPU."""
    others: int | None


def cores() -> Cores:
    """The first two CPUs that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return Cores(None, None)
    return Cores(allowed[0], allowed[1])


def pin(core: int | None) -> None:
    """Keeps the calling process, and what it starts, on a core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def raise_descriptor_limit() -> int:
    """As many open files as are needed and allowed; what is started inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(DESCRIPTORS_WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    return wanted


def facts() -> dict:
    """What a reader of the figures must know about where they come from."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "cpu": model,
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }
