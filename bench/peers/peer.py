"""What every peer is: something that can be found, and started before an upstream."""

import abc
import enum
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field

from settings import ROOT

TOOLS = ROOT / ".tools"

# The same room for everybody: idle connections and a good deal more.
CONNECTIONS_MAX = 8000


class Way(enum.Enum):
    """What a row asks of a peer beyond the plain way through."""

    SPLICE = "bodies are spliced"
    LARGE_BUFFERS = "large buffers, no temporary files"
    STREAMED_UPLOAD = "the request's body is passed on as it comes"
    WEBSOCKET = "upgrades pass"


@dataclass(frozen=True)
class Upstream:
    """Whom to ask: one of the two."""

    port: int | None = None
    socket: pathlib.Path | None = None


@dataclass(frozen=True)
class Duty:
    """What a proxy is to do in one measurement."""

    port: int
    """Where it listens, on 127.0.0.1. /health is answered by the proxy itself, everything else by the upstream."""
    upstream: Upstream
    folder: pathlib.Path
    """Its own, for files of any kind; gone afterwards."""
    descriptors: int
    """Open files that it may have."""
    access_log: pathlib.Path | None = None
    ways: frozenset[Way] = frozenset()

    def write(self, name: str, text: str) -> pathlib.Path:
        """A file for the proxy to read."""
        path = self.folder / name
        path.write_text(text)
        return path


@dataclass(frozen=True)
class Command:
    """How to start it."""

    argv: list
    environment: dict[str, str] = field(default_factory=dict)
    output: pathlib.Path | None = None
    """Where its standard output and error go, if it writes its access log there."""


class Peer(abc.ABC):
    """One proxy."""

    name: str
    missing: str
    """What to say when it is not there."""

    @abc.abstractmethod
    def binary(self) -> pathlib.Path | None:
        """Where it is, or None."""

    @abc.abstractmethod
    def version(self) -> str:
        """Its version, for the report."""

    @abc.abstractmethod
    def command(self, duty: Duty) -> Command:
        """Writes its configuration and says how to start it."""


def on_path(program: str) -> pathlib.Path | None:
    """A program of the system; /usr/sbin is not on everybody's path."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    return pathlib.Path(found) if found else None


def version_of(argv, pattern: str) -> str:
    """The version that a program says of itself."""
    try:
        said = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(pattern, said.stdout + said.stderr)
    return found.group(1) if found else "unknown"
