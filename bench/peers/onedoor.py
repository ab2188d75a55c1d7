"""onedoor itself: as it is shipped, with every forwarded field, limit and timeout at its default."""

import pathlib

from peers.peer import Command, Duty, Peer, version_of

CONFIG = """\
[server]
listen = "127.0.0.1:{port}"
workers = 1
[log]
format = "json"
access = "{access}"
[routes]
"/*" = {{ proxy = "{origin}", host = "keep" }}
"/health" = {{ builtin = "health" }}
"""


class Onedoor(Peer):
    """One binary of it; a run may compare two."""

    missing = "run make build"

    def __init__(self, name: str, path: pathlib.Path):
        self.name = name
        self._path = path

    def binary(self):
        return self._path

    def version(self):
        return version_of([self._path, "version"], r"onedoor (\S+)")

    def command(self, duty: Duty) -> Command:
        upstream = duty.upstream
        config = CONFIG.format(
            port=duty.port,
            access="on" if duty.access_log else "off",
            origin=f"unix:{upstream.socket}" if upstream.socket else f"http://127.0.0.1:{upstream.port}",
        )
        return Command([self._path, "up", "-f", duty.write("onedoor.toml", config)], output=duty.access_log)
