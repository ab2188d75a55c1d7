"""What is measured and what is aimed at. A table, nothing else: to add a scenario, add an entry."""

import enum
from dataclasses import dataclass

from load import WebSocket, Wrk
from peers.peer import Way

KIB = 1024
MIB = 1024 * KIB
IDLE_CONNECTIONS = 3500


class Via(enum.Enum):
    """How a proxy reaches the backend."""

    TCP = "TCP"
    UNIX = "Unix socket"


class Figure(enum.Enum):
    """The number that counts."""

    CPU_PER_REQUEST = "µs of CPU per request"
    CPU_PER_MESSAGE = "µs of CPU per message and echo"
    CPU_PER_GIB = "ms of CPU per GiB"
    PSS_PER_IDLE = "KiB of PSS per idle connection"
    START = "ms from exec to the first 200"


class Backend(enum.Enum):
    """Who answers behind the proxies."""

    FILES = "nginx with files from the page cache"
    SINK_AND_ECHO = "a Go program that reads uploads and echoes messages"


@dataclass(frozen=True)
class Row:
    """One line of a scenario's table: a peer in a certain shape."""

    peer: str
    shape: str = ""
    """What tells it from the same peer's other rows."""
    via: Via = Via.TCP
    ways: frozenset[Way] = frozenset()

    @property
    def name(self) -> str:
        """As tables and goals name it."""
        return f"{self.peer}-{self.shape}" if self.shape else self.peer


@dataclass(frozen=True)
class Goal:
    """onedoor's figure is to be at most `limit` times the best of `against`."""

    limit: float
    against: tuple[str, ...]


@dataclass(frozen=True)
class Ceiling:
    """onedoor's figure is to be at most this, whatever the others reach."""

    limit: float


@dataclass(frozen=True)
class Scenario:
    """One table."""

    name: str
    title: str
    figure: Figure
    rows: tuple[Row, ...]
    goal: Goal | Ceiling | None
    load: Wrk | WebSocket | None = None
    backend: Backend = Backend.FILES
    logged: bool = False


def _rows(*rows: Row | str, ways=frozenset()) -> tuple[Row, ...]:
    """A plain name is a peer in its plain shape; the ways are everybody's."""
    plain = (Row(row) if isinstance(row, str) else row for row in rows)
    return tuple(Row(row.peer, row.shape, row.via, row.ways | ways) for row in plain)


_SPLICING = Row("haproxy", "splice", ways=frozenset({Way.SPLICE}))
_TUNED = Row("nginx", "tuned", ways=frozenset({Way.LARGE_BUFFERS}))

_ALL = _rows("onedoor", "nginx", "haproxy", "h2o", "envoy", "caddy", "go", "go-default")
_BODIES = ("onedoor", "nginx", _TUNED, "haproxy", _SPLICING, "h2o", "envoy", "caddy", "go", "go-default")
_ANYBODY = ("nginx", "nginx-tuned", "haproxy", "haproxy-splice", "h2o", "envoy", "caddy", "go", "go-default")
_OVER_UNIX = _rows("onedoor", "nginx", "haproxy")

# What a browser sends to a site where its user has signed in; wrk adds Host as the twentieth.
BROWSER_FIELDS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Cache-Control: max-age=0",
    'Sec-Ch-Ua: "Chromium";v="141", "Not=A?Brand";v="24", "Google Chrome";v="141"',
    "Sec-Ch-Ua-Mobile: ?0",
    'Sec-Ch-Ua-Platform: "Linux"',
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-User: ?1",
    "Upgrade-Insecure-Requests: 1",
    "Dnt: 1",
    "Priority: u=0, i",
    "Referer: http://shop.example.com/catalogue/garden/furniture?page=3&sort=price",
    "Origin: http://shop.example.com",
    "X-Csrf-Token: 5f2b1c9e7a3d4f60b8c2e1a79d5f3b64",
    "Cookie: session=eyJ1c2VyIjo0MjE3LCJleHAiOjE3OTk5OTk5OTl9.Zm9vYmFyYmF6cXV4; theme=dark; consent=necessary.statistics; "
    "_ga=GA1.1.1830472915.1760000000; cart=9f8e7d6c5b4a; recent=1841.2203.977.4410; lang=en",
)

SCENARIOS = (
    Scenario(
        "get",
        "GET 1 KiB, keep-alive, 64 connections",
        Figure.CPU_PER_REQUEST,
        _ALL,
        Goal(0.90, ("nginx", "haproxy")),
        Wrk("/1k", 64),
    ),
    Scenario(
        "unix",
        "the same, onedoor's upstream on a Unix socket, the others' on TCP",
        Figure.CPU_PER_REQUEST,
        _rows(Row("onedoor", via=Via.UNIX), "nginx", "haproxy"),
        Goal(0.70, ("nginx", "haproxy")),
        Wrk("/1k", 64),
    ),
    Scenario(
        "unix-both",
        "the same, everybody's upstream on the same Unix socket",
        Figure.CPU_PER_REQUEST,
        tuple(Row(row.peer, via=Via.UNIX) for row in _OVER_UNIX),
        Goal(0.90, ("nginx",)),
        Wrk("/1k", 64),
    ),
    Scenario(
        "headers",
        "GET 1 KiB with 20 request and 15 response fields, 64 connections",
        Figure.CPU_PER_REQUEST,
        _ALL,
        Goal(0.90, ("nginx", "haproxy")),
        Wrk("/fields", 64, BROWSER_FIELDS),
    ),
    Scenario(
        "100k",
        "GET 100 KiB, keep-alive, 32 connections",
        Figure.CPU_PER_REQUEST,
        _rows(*_BODIES),
        Goal(0.90, ("haproxy-splice",)),
        Wrk("/100k", 32),
    ),
    Scenario(
        "10m-down",
        "GET 10 MiB, 8 connections",
        Figure.CPU_PER_GIB,
        _rows(*_BODIES),
        Goal(1.00, _ANYBODY),
        Wrk("/10m", 8),
    ),
    Scenario(
        "10m-up",
        "POST 10 MiB, 8 connections",
        Figure.CPU_PER_GIB,
        _rows(*_BODIES, ways=frozenset({Way.STREAMED_UPLOAD})),
        Goal(1.00, _ANYBODY),
        Wrk("/upload", 8, upload_bytes=10 * MIB),
        Backend.SINK_AND_ECHO,
    ),
    Scenario(
        "connect",
        "GET 1 KiB, a new connection for each request, 64 at once",
        Figure.CPU_PER_REQUEST,
        _ALL,
        Goal(0.95, ("nginx", "haproxy")),
        Wrk("/1k", 64, ("Connection: close",)),
    ),
    Scenario(
        "websocket-64",
        "WebSocket echo of 64 B, 64 connections",
        Figure.CPU_PER_MESSAGE,
        _rows("onedoor", "nginx", "haproxy", "h2o", "envoy", "caddy", "go", ways=frozenset({Way.WEBSOCKET})),
        Goal(1.00, ("nginx", "haproxy", "h2o", "envoy", "caddy", "go")),
        WebSocket(64, 64),
        Backend.SINK_AND_ECHO,
    ),
    Scenario(
        "websocket-64k",
        "WebSocket echo of 64 KiB, 64 connections",
        Figure.CPU_PER_MESSAGE,
        _rows("onedoor", "nginx", _TUNED, "haproxy", _SPLICING, "h2o", "envoy", "caddy", "go", ways=frozenset({Way.WEBSOCKET})),
        Goal(1.00, ("nginx", "nginx-tuned", "haproxy", "haproxy-splice", "h2o", "envoy", "caddy", "go")),
        WebSocket(64 * KIB, 64),
        Backend.SINK_AND_ECHO,
    ),
    Scenario(
        "idle",
        f"{IDLE_CONNECTIONS:,} idle keep-alive connections, each has served one request",
        Figure.PSS_PER_IDLE,
        _ALL,
        Ceiling(1.0),
    ),
    Scenario(
        "start",
        "from exec to the first 200 of an answer of the proxy's own",
        Figure.START,
        _rows("onedoor", "nginx", "haproxy", "h2o", "envoy", "caddy", "go"),
        Goal(1.00, ("nginx",)),
    ),
    Scenario(
        "logs",
        "GET 1 KiB, keep-alive, 64 connections, everybody's access log on, to a file",
        Figure.CPU_PER_REQUEST,
        _ALL,
        None,
        Wrk("/1k", 64),
        logged=True,
    ),
)


class NoSuchScenario(Exception):
    """A name in BENCH that is nobody's."""


def chosen(names: tuple[str, ...]) -> list[Scenario]:
    """The scenarios of these names; a name that is none stands for all that begin with it. No names: all."""
    if not names:
        return list(SCENARIOS)
    found = []
    for name in names:
        exact = [scenario for scenario in SCENARIOS if scenario.name == name]
        matching = exact or [scenario for scenario in SCENARIOS if scenario.name.startswith(name)]
        if not matching and name != "routes":
            raise NoSuchScenario(f"BENCH: there is no {name}; there are " + ", ".join(s.name for s in SCENARIOS))
        found += [scenario for scenario in matching if scenario not in found]
    return found
