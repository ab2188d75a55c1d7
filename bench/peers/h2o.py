"""h2o: one thread. It can set neither X-Request-Id nor Forwarded towards an upstream, so it sends fewer fields."""

import os

from peers.peer import CONNECTIONS_MAX, Command, Duty, Peer, on_path, version_of

CONFIG = """\
{user}
num-threads: 1
num-name-resolution-threads: 1
max-connections: {connections}
http1-request-timeout: 75
error-log: {folder}/error.log
{access_log}
proxy.preserve-host: ON
proxy.timeout.io: 300000
proxy.timeout.keepalive: 60000
proxy.websocket: ON
listen:
  host: 127.0.0.1
  port: {port}
hosts:
  default:
    paths:
      /health:
        file.file: {folder}/health
      /:
        proxy.reverse.url: "{upstream}"
"""


class H2o(Peer):
    """Debian's h2o."""

    name = "h2o"
    missing = "install Debian's package h2o"

    def binary(self):
        return on_path("h2o")

    def version(self):
        return version_of([self.binary(), "--version"], r"h2o version (\S+)")

    def command(self, duty: Duty) -> Command:
        upstream = duty.upstream
        duty.write("health", "ok\n")
        config = CONFIG.format(
            user="user: root" if os.geteuid() == 0 else "",
            connections=CONNECTIONS_MAX,
            folder=duty.folder,
            access_log=f"access-log: {duty.access_log}" if duty.access_log else "",
            port=duty.port,
            upstream=f"http://[unix:{upstream.socket}]/" if upstream.socket else f"http://127.0.0.1:{upstream.port}/",
        )
        return Command([self.binary(), "-c", duty.write("h2o.conf", config)])
