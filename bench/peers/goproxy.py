"""httputil.ReverseProxy, a program of this benchmark: once as it comes, once with its idle connections raised."""

from peers.peer import TOOLS, Command, Duty, Peer, on_path, version_of


class GoProxy(Peer):
    """go/reverseproxy with a number of idle connections per host; 0 leaves the default of two."""

    missing = "Go is missing, or bench/go does not build"

    def __init__(self, name: str, idle: int):
        self.name = name
        self._idle = idle

    def binary(self):
        path = TOOLS / "bench/reverseproxy"
        return path if path.exists() else None

    def version(self):
        go = on_path("go")
        return version_of([go, "version", self.binary()], r": go(\S+)") if go else "unknown"

    def command(self, duty: Duty) -> Command:
        upstream = duty.upstream
        argv = [self.binary(), "-listen", f"127.0.0.1:{duty.port}", "-idle", str(self._idle)]
        argv += ["-unix", upstream.socket] if upstream.socket else ["-tcp", f"127.0.0.1:{upstream.port}"]
        if duty.access_log:
            argv += ["-access-log", duty.access_log]
        return Command(argv, environment={"GOMAXPROCS": "1"})
