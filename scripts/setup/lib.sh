# What the setup scripts share: where the tools go, how to say what is done, and the two ways to install.
# Sourced, never run. Needs a POSIX shell and nothing else.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tools=$root/.tools
PATH=$tools/bin:$PATH
export PATH

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Whether packages of the system can be installed: root, on Debian or a relative of it.
may_apt() { [ "$(id -u)" = 0 ] && have apt-get; }

# apt_install WHY PACKAGE...
apt_install() {
    why=$1
    shift
    say "$why: installing $* by apt"
    log=$(mktemp)
    # The lists are fetched only when the packages are not known yet: a fresh image has none.
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1; then
        if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >>"$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log"
            fail "apt could not install $*; install it by hand and run make again"
        fi
    fi
    rm -f "$log"
}

# unpack_debs WHY PACKAGE...: the same packages without root, unpacked below .tools/debian, not installed.
unpack_debs() {
    why=$1
    shift
    have apt-get && have dpkg-deb || fail "$why, and there is neither root nor apt: install $* and run make again"
    say "$why, and we are not root: unpacking $* into .tools/debian"
    debs=$tools/apt
    mkdir -p "$debs/lists/partial" "$debs/cache/archives/partial" "$tools/debian"
    if ! (
        cd "$debs/cache/archives" || exit 1
        options="-o Dir::State::lists=$debs/lists -o Dir::Cache=$debs/cache -o Debug::NoLocking=1 -o APT::Sandbox::User="
        # As if nothing were installed: what comes is whole, and stands by itself.
        options="$options -o Dir::State::status=/dev/null"
        # shellcheck disable=SC2086 # the options are words
        apt-get $options update &&
            apt-get $options -y --download-only --no-install-recommends install "$@"
    ) >"$debs/log" 2>&1; then
        cat "$debs/log" >&2
        fail "could not fetch $*; install it by hand and run make again"
    fi
    for deb in "$debs"/cache/archives/*.deb; do
        dpkg-deb -x "$deb" "$tools/debian"
        rm -f "$deb"
    done
}

# wheel NAME REQUIREMENT-FILE: pinned wheels from the Python package index, into .tools/NAME.
wheel() {
    "$root/scripts/venv.sh" "$tools/$1" "$2"
    mkdir -p "$tools/bin"
}
