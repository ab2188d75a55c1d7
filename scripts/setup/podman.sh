#!/bin/sh
# podman with runc and buildah, and debootstrap, for make image: the engine of the containers that prove an image, and
# what makes their bases. Podman of the system, as root: without root there are no control groups to test with.
set -eu
. "$(dirname -- "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin

missing=
for program in podman buildah runc debootstrap catatonit; do
    have "$program" || missing="$missing $program"
done
# What podman needs for -p; neither is on anybody's PATH.
[ -x /usr/lib/podman/netavark ] || missing="$missing netavark"
[ -x /usr/lib/podman/aardvark-dns ] || missing="$missing aardvark-dns"
have iptables || missing="$missing iptables"
[ -n "$missing" ] || exit 0
may_apt || fail "missing:$missing; we are not root on Debian: install them and run make again"
# shellcheck disable=SC2086 # one word per package
apt_install "containers" $missing
