"""One measurement: a proxy started afresh, loaded, read, killed. Knows the method, and nothing of how it is reported."""

import pathlib
import shutil
import tempfile
import time
from dataclasses import dataclass

import backend
import load
import machine
import measure
import process
from peers.peer import TOOLS, Duty, Peer, Upstream
from scenarios import IDLE_CONNECTIONS, Figure, Row, Scenario, Via

GIB = 1 << 30


@dataclass(frozen=True)
class Tools:
    """The programs of bench/go."""

    upstream: pathlib.Path = TOOLS / "bench/upstream"
    wsload: pathlib.Path = TOOLS / "bench/wsload"


class Lab:
    """Where the measurements of a run are made: its folder, its cores, its backends."""

    def __init__(self, seconds: int, warmup: int):
        self._seconds, self._warmup = seconds, warmup
        self._tools = Tools()
        self.cores = machine.cores()
        self.descriptors = machine.raise_descriptor_limit()
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="onedoor-bench-"))
        machine.pin(self.cores.others)
        try:
            self._backends = backend.start(self._folder, self.cores.others, self._tools)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends everything that was started."""
        process.kill_all()
        shutil.rmtree(self._folder, ignore_errors=True)

    def can(self, scenario: Scenario) -> bool:
        """Whether its backend is there."""
        return self._backends.upstream(scenario.backend, over_unix=False) is not None

    def sample(self, scenario: Scenario, row: Row, peer: Peer) -> dict:
        """One figure of one row, with what stands beside it."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self._folder))
        try:
            return self._sample(scenario, row, peer, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _sample(self, scenario, row, peer, folder) -> dict:
        upstream = self._backends.upstream(scenario.backend, row.via is Via.UNIX)
        duty = self._duty(scenario, row, upstream, folder)
        with self._start(peer, duty) as program:
            match scenario.figure:
                case Figure.START:
                    # A short pause: what is asked too rarely starts late, what is asked all the time is disturbed.
                    seconds = process.wait_until_serving(program, duty.port, "/health", pause=0.0005)
                    return {"value": seconds * 1e3, "pss_kib": measure.pss_kib(program.pid)}
                case Figure.PSS_PER_IDLE:
                    process.wait_until_serving(program, duty.port, "/1k")
                    return _idle(program, duty.port)
                case Figure.CPU_PER_REQUEST | Figure.CPU_PER_MESSAGE | Figure.CPU_PER_GIB:
                    process.wait_until_serving(program, duty.port, "/health")
                    return self._loaded(scenario, program, duty.port)

    def _duty(self, scenario, row, upstream: Upstream, folder) -> Duty:
        return Duty(
            port=process.free_port(),
            upstream=upstream,
            folder=folder,
            descriptors=self.descriptors,
            access_log=folder / "access.log" if scenario.logged else None,
            ways=row.ways,
        )

    def _start(self, peer: Peer, duty: Duty) -> process.Program:
        command = peer.command(duty)
        return process.Program(
            command.argv,
            core=self.cores.proxy,
            folder=duty.folder,
            environment=command.environment,
            output=command.output,
        )

    def _loaded(self, scenario, program, port) -> dict:
        load.finish(load.start(scenario.load, port, self._warmup, self._tools), self._warmup)
        before = _Reading.of(program.pid, self.cores.proxy)
        running = load.start(scenario.load, port, self._seconds, self._tools)
        load.settle(self._seconds / 2)
        pss = measure.pss_kib(program.pid)
        result = load.finish(running, self._seconds)
        after = _Reading.of(program.pid, self.cores.proxy)
        if program.has_ended():
            raise program.failure()
        if not result.requests:
            raise load.LoadFailed("not one request was answered")
        return {
            **after.since(before, _units(scenario, result)),
            "rate": result.requests / result.seconds,
            "p50_ms": result.p50_ms,
            "p99_ms": result.p99_ms,
            "pss_kib": pss,
            "errors": result.errors,
        }


@dataclass(frozen=True)
class _Reading:
    """The clocks of one moment."""

    at: float
    proxy: measure.CpuTime
    deferred: float | None
    others: float
    stolen: float

    @staticmethod
    def of(pid: int, core: int | None) -> "_Reading":
        proxy = measure.cpu_time(pid)
        return _Reading(
            time.monotonic(), proxy, measure.deferred(core), measure.cpu_time_of_others(), measure.stolen(core)
        )

    def since(self, earlier: "_Reading", per: float) -> dict:
        """The columns of a sample. What the kernel deferred is kept beside the figure and is no part of it: the other
        processes of the core may have caused it as well."""
        cpu = self.proxy - earlier.proxy
        deferred = None if self.deferred is None else (self.deferred - earlier.deferred) * per
        seconds = self.at - earlier.at
        return {
            "value": cpu.total * per,
            "user": cpu.user * per,
            "system": cpu.system * per,
            "deferred": deferred,
            "others_share": (self.others - earlier.others) / seconds,
            "stolen_share": (self.stolen - earlier.stolen) / seconds,
        }


def _units(scenario: Scenario, result: load.Result) -> float:
    """What seconds of CPU are multiplied with to give the scenario's figure."""
    if scenario.figure is Figure.CPU_PER_GIB:
        moved = result.requests * scenario.load.upload_bytes or result.bytes
        return 1e3 * GIB / moved
    return 1e6 / result.requests


def _idle(program, port) -> dict:
    before = measure.pss_kib(program.pid)
    with load.idle_connections(port, "/1k", IDLE_CONNECTIONS) as held:
        load.settle()
        after = measure.pss_kib(program.pid)
        closed = load.closed_among(held)
    return {"value": (after - before) / IDLE_CONNECTIONS, "pss_kib": after, "errors": closed}
