# podman for the proofs: its own store below target, nothing of the machine's. Sourced, never run; wants $root.
#
# runc, since crun refuses a machine with both versions of control groups; ulimits that a container without privileges
# may set; events in a file, since there need not be a journal.

images=$root/target/images
mkdir -p "$images"
cat >"$images/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
CONF
# One run folder for each store; its path is short, since sockets are made in it.
cat >"$images/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$images/store"
runroot = "/run/onedoor-$(printf %s "$root" | cksum | cut -d ' ' -f 1)"
CONF
CONTAINERS_CONF=$images/containers.conf
CONTAINERS_STORAGE_CONF=$images/storage.conf
export CONTAINERS_CONF CONTAINERS_STORAGE_CONF
