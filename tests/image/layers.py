"""What the layers of an image hold, read from the archive that the engine saves."""

import json
import re
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "scripts/build.sh"
# The limit that every build is held to.
ONEDOOR_BYTES_MAX = int(re.search(r"bytes_max=(\d+)", BUILD.read_text())[1])
# Programs that only a build needs. A runtime's own folder may come with its package manager: the official ones do.
COMPILERS = {"gcc", "g++", "cc1", "cc1plus", "make", "cmake", "cargo", "rustc", "gofmt", "pnpm", "uv"}
CACHES = ("var/cache/apt/archives/", "var/lib/apt/lists/", "root/.cache/", "root/.npm/", "root/.local/share/pnpm/", "go/pkg/")


@cache
def layers(image):
    """Of each layer, the oldest first: the regular files and their sizes."""
    with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
        subprocess.run(["podman", "save", "--quiet", "--format", "docker-archive", "-o", archive.name, image], check=True)
        with tarfile.open(archive.name) as whole:
            names = json.load(whole.extractfile("manifest.json"))[0]["Layers"]
            found = []
            for name in names:
                with tarfile.open(fileobj=whole.extractfile(name)) as layer:
                    found.append({entry.name.lstrip("./"): entry.size for entry in layer if entry.isfile()})
            return found


def onedoor_alone(image):
    """One layer has it, and nothing else; no other copy came in with the folders of the apps."""
    holders = [layer for layer in layers(image) if any(name.rsplit("/", 1)[-1] == "onedoor" for name in layer)]
    assert [set(layer) for layer in holders] == [{"onedoor"}], f"it is in {[sorted(layer)[:9] for layer in holders]}"
    size = holders[0]["onedoor"]
    assert size < ONEDOOR_BYTES_MAX, f"it has {size} bytes"


def nothing_to_build(image):
    for number, layer in enumerate(layers(image)):
        for name in layer:
            assert name.rsplit("/", 1)[-1] not in COMPILERS, f"layer {number} has /{name}"
            is_cached = name.startswith(CACHES) and not name.endswith("/lock")
            assert not is_cached, f"layer {number} has /{name}"


def without(image, programs):
    """None of these programs, whose language no app of the image is written in."""
    for layer in layers(image):
        for name in layer:
            assert name.rsplit("/", 1)[-1] not in programs, f"it has /{name}"
