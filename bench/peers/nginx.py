"""nginx as it is used in front of an app: upstream connections kept, the client's fields told."""

import os

from peers.peer import CONNECTIONS_MAX, Command, Duty, Peer, Way, on_path, version_of

# `keepalive` works only with HTTP/1.1 and an empty Connection; both limits on requests per connection are raised, for
# the default of 1,000 would measure reconnecting.
CONFIG = """\
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections {connections}; }}
http {{
    access_log {access_log};
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 75s;
    client_max_body_size 0;
    {ways}
    upstream backend {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        location = /health {{ return 200 "ok\\n"; }}
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            {connection}
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header Forwarded 'for=$remote_addr;host="$http_host";proto=$scheme';
            proxy_set_header Via "1.1 nginx";
            proxy_set_header X-Request-Id $request_id;
        }}
    }}
}}
"""

WAYS = {
    Way.LARGE_BUFFERS: (
        "proxy_buffer_size 64k; proxy_buffers 16 64k; proxy_busy_buffers_size 256k; "
        "proxy_max_temp_file_size 0; client_body_buffer_size 256k;"
    ),
    Way.STREAMED_UPLOAD: "proxy_request_buffering off;",
    Way.SPLICE: "",
    Way.WEBSOCKET: "",
}


class Nginx(Peer):
    """Debian's nginx."""

    name = "nginx"
    missing = "install Debian's package nginx"

    def binary(self):
        return on_path("nginx")

    def version(self):
        return version_of([self.binary(), "-v"], r"nginx/(\S+)")

    def command(self, duty: Duty) -> Command:
        upstream = duty.upstream
        upgrade = "proxy_set_header Connection $connection_upgrade; proxy_set_header Upgrade $http_upgrade;"
        config = CONFIG.format(
            user=user_line(),
            folder=duty.folder,
            descriptors=duty.descriptors,
            connections=min(2 * CONNECTIONS_MAX, duty.descriptors),
            access_log=f"{duty.access_log} combined" if duty.access_log else "off",
            ways=" ".join(WAYS[way] for way in duty.ways),
            upstream=f"unix:{upstream.socket}" if upstream.socket else f"127.0.0.1:{upstream.port}",
            port=duty.port,
            connection=upgrade if Way.WEBSOCKET in duty.ways else 'proxy_set_header Connection "";',
        )
        return Command([self.binary(), "-c", duty.write("nginx.conf", config), "-e", duty.folder / "error.log"])


def user_line() -> str:
    """Started by root, a worker would else become nobody, who may not enter the folder of the run."""
    return "user root;" if os.geteuid() == 0 else ""
