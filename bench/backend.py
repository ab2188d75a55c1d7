"""Who stands behind the proxies: an nginx of the benchmark's own with three files, and a Go program for the rest."""

import pathlib
from dataclasses import dataclass

import process
from peers import nginx
from peers.peer import Upstream
from scenarios import KIB, MIB, Backend

# Nothing in here may cost more than it must: this work shares a core with the load generator. With its own eight fields
# (Server, Date, Content-Type, Content-Length, Last-Modified, Connection, ETag, Accept-Ranges) /fields has fifteen.
CONFIG = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/backend.pid;
error_log {folder}/backend.log crit;
events {{ worker_connections 10000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type text/html;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16 inactive=1d;
    open_file_cache_valid 1d;
    keepalive_timeout 1d;
    keepalive_requests 1000000000;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen unix:{socket} backlog=4096;
        root {folder};
        location = /fields {{
            alias {folder}/1k;
            add_header Cache-Control "public, max-age=300, stale-while-revalidate=60";
            add_header Vary "Accept-Encoding, Cookie";
            add_header Set-Cookie "session=eyJ1c2VyIjo0MjE3fQ.Zm9vYmFy; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400";
            add_header Content-Security-Policy "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'";
            add_header X-Content-Type-Options nosniff;
            add_header Referrer-Policy strict-origin-when-cross-origin;
            add_header X-Response-Time "12ms";
        }}
    }}
}}
"""

FILES = {"1k": KIB, "100k": 100 * KIB, "10m": 10 * MIB}


@dataclass(frozen=True)
class Backends:
    """Where they listen."""

    files_port: int
    files_socket: pathlib.Path
    other_port: int | None
    """None: there is no Go to build it with."""

    def upstream(self, backend: Backend, over_unix: bool) -> Upstream | None:
        """The address for a proxy, or None if that backend is missing."""
        if backend is Backend.SINK_AND_ECHO:
            return Upstream(port=self.other_port) if self.other_port else None
        return Upstream(socket=self.files_socket) if over_unix else Upstream(port=self.files_port)


def start(folder: pathlib.Path, core: int | None, tools) -> Backends:
    """Starts both, and waits until they answer. They end with the run."""
    for name, size in FILES.items():
        (folder / name).write_bytes(b"x" * size)
    port, socket = process.free_port(), folder / "backend.sock"
    config = folder / "backend.conf"
    config.write_text(CONFIG.format(user=nginx.user_line(), folder=folder, port=port, socket=socket))
    files = process.Program(
        [nginx.Nginx().binary(), "-c", config, "-e", folder / "backend.log"], core=core, folder=folder
    )
    process.wait_until_serving(files, port, "/1k")
    return Backends(port, socket, _start_other(folder, core, tools))


def _start_other(folder, core, tools) -> int | None:
    if not tools.upstream.exists():
        return None
    port = process.free_port()
    other = process.Program(
        [tools.upstream, "-listen", f"127.0.0.1:{port}"],
        core=core,
        folder=folder,
        environment={"GOMAXPROCS": "1"},
    )
    process.wait_until_serving(other, port, "/upload")
    return port
