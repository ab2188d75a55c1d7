"""What a process tree has cost so far, read from /proc. Reads only."""

import os
import pathlib
import re
from dataclasses import dataclass

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTime:
    """Seconds of CPU."""

    user: float
    system: float

    def __sub__(self, earlier: "CpuTime") -> "CpuTime":
        return CpuTime(self.user - earlier.user, self.system - earlier.system)

    @property
    def total(self) -> float:
        """User and system."""
        return self.user + self.system


def cpu_time(root: int) -> CpuTime:
    """Of a process with all its threads and descendants, those that have ended and been waited for included."""
    return _sum(_tree(root, _processes()).values())


def cpu_time_of_others() -> float:
    """Seconds of every process that is neither ours nor the kernel's: who disturbs a measurement, as far as can be seen."""
    processes = _processes()
    ours = _tree(os.getpid(), processes)
    # proc(5): field 4 is the parent; the kernel's threads are 2 and its children.
    return _sum(
        fields for pid, fields in processes.items() if pid not in ours and pid != 2 and fields[1] != "2"
    ).total


def stolen(core: int | None) -> float:
    """Seconds in which a core, or without one any, was somebody else's machine."""
    name = "cpu" if core is None else f"cpu{core}"
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        words = line.split()
        if words[0] == name:
            # proc(5): user nice system idle iowait irq softirq steal.
            return int(words[8]) * _TICK_SECONDS
    return 0.0


def deferred(core: int | None) -> float | None:
    """Seconds that the kernel's own thread has spent on a core's packets: work that a busy core puts off, and that is then
    charged to nobody's process. None where it cannot be seen, as in most containers."""
    if core is None:
        return None
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if f"(ksoftirqd/{core})" in text:
            return int(text.rsplit(")", 1)[1].split()[12]) * _TICK_SECONDS
    return None


def pss_kib(root: int) -> int:
    """The memory that a process tree answers for, shared pages divided among their users."""
    total = 0
    for pid in _tree(root, _processes()):
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found.group(1)) if found else 0
    return total


def _processes() -> dict[int, list[str]]:
    """Process ids and their stat fields from the third on."""
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = pathlib.Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            # The name stands in brackets and may hold anything.
            stats[int(entry)] = text.rsplit(")", 1)[1].split()
    return stats


def _tree(root: int, processes: dict[int, list[str]]) -> dict[int, list[str]]:
    """Those among the processes that are this one or descend from it."""
    tree, fresh = {}, [root]
    while fresh:
        pid = fresh.pop()
        if pid in processes:
            tree[pid] = processes[pid]
            fresh += [child for child, fields in processes.items() if int(fields[1]) == pid]
    return tree


def _sum(processes) -> CpuTime:
    user = system = 0
    for fields in processes:
        # proc(5): 14 utime, 15 stime, 16 cutime, 17 cstime; counted here from field 3 on, behind the name.
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    return CpuTime(user * _TICK_SECONDS, system * _TICK_SECONDS)
