"""HAProxy: one thread, connections to the upstream reused for every client."""

from peers.peer import CONNECTIONS_MAX, Command, Duty, Peer, Way, on_path, version_of

# `http-reuse safe`, the default, gives each client's first request an upstream connection of its own.
CONFIG = """\
global
    nbthread 1
    maxconn {connections}
    {log_target}
defaults
    mode http
    {log}
    {ways}
    timeout connect 5s
    timeout client 30s
    timeout server 5m
    timeout http-request 10s
    timeout http-keep-alive 75s
    timeout tunnel 1h
frontend door
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string ok if {{ path /health }}
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    http-request set-header X-Forwarded-Host %[req.hdr(Host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    http-request set-header Forwarded for=%[src];host=\\"%[req.hdr(Host)]\\";proto=%[ssl_fc,iif(https,http)]
    http-request set-header X-Request-Id %[uuid]
    http-request add-header Via "1.1 haproxy"
    default_backend app
backend app
    http-reuse always
    server app {upstream}
"""


class HAProxy(Peer):
    """Debian's HAProxy."""

    name = "haproxy"
    missing = "install Debian's package haproxy"

    def binary(self):
        return on_path("haproxy")

    def version(self):
        return version_of([self.binary(), "-v"], r"version (\S+)")

    def command(self, duty: Duty) -> Command:
        upstream = duty.upstream
        config = CONFIG.format(
            # It refuses to start if it may not have two descriptors per connection, and half of one for splicing.
            connections=min(CONNECTIONS_MAX, duty.descriptors // 3),
            log_target="log stdout format raw local0" if duty.access_log else "",
            log="log global\n    option httplog" if duty.access_log else "",
            # splice-auto does not splice on loopback.
            ways="option splice-response\n    option splice-request" if Way.SPLICE in duty.ways else "",
            port=duty.port,
            upstream=f"unix@{upstream.socket}" if upstream.socket else f"127.0.0.1:{upstream.port}",
        )
        return Command([self.binary(), "-db", "-f", duty.write("haproxy.cfg", config)], output=duty.access_log)
