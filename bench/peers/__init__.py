"""The proxies that are compared, one module each: how it is found, how it is configured."""

from peers import caddy, envoy, goproxy, h2o, haproxy, nginx, onedoor
from peers.peer import Peer

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        nginx.Nginx(),
        haproxy.HAProxy(),
        h2o.H2o(),
        envoy.Envoy(),
        caddy.Caddy(),
        goproxy.GoProxy("go", idle=256),
        goproxy.GoProxy("go-default", idle=0),
    )
}

onedoor_at = onedoor.Onedoor

__all__ = ["PEERS", "Peer", "onedoor_at"]
