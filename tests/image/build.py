"""Real folders with real packages: `onedoor dockerfile`, a build with the real package managers, one URL."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import layers

HERE = Path(__file__).resolve().parent
ONEDOOR = Path(os.environ.get("ONEDOOR_BIN", HERE.parent.parent / "dist/onedoor"))
NODE, PYTHON = {"node", "npm"}, {"python3", "python3.13"}

# Folder, what /hello answers (the file itself for static), programs that its image has no business with.
FIXTURES = [
    ("uv", "/hello", '{"made":"by uv"}', NODE),
    ("pip", "/hello", "made by pip, libpq True", NODE),
    ("poetry", "/hello", "made by poetry", NODE),
    ("pdm", "/hello", "made by pdm", NODE),
    ("pipenv", "/hello", "made by pipenv", NODE),
    ("yarn", "/hello", "made by yarn, 21", PYTHON | {"yarn"}),
    ("berry", "/hello", "made by berry, 21", PYTHON | {"yarn"}),
    ("bun", "/hello", "made by bun, 21", NODE | PYTHON),
    ("deno", "/hello", "made by deno, 21", NODE | PYTHON),
    ("npm", "/hello", "made by npm", PYTHON),
    ("pnpm", "/hello", "made by pnpm, 21", PYTHON),
    ("go", "/hello", "made by go, 36", NODE | PYTHON | {"go", "sh"}),
    ("rust", "/hello", "made by cargo, 42", NODE | PYTHON),
    ("static", "/", "<!doctype html><title>fixture</title>made of files\n", NODE),  # Python's file server stands in for onedoor's own
]


def image_of(folder):
    """Builds a copy of the folder as a newcomer would; the image's name."""
    name = f"onedoor-fixture-{folder}"
    with tempfile.TemporaryDirectory(prefix="onedoor-fixture-") as copy:
        shutil.copytree(HERE / "fixtures" / folder, copy, dirs_exist_ok=True)
        for command in (
            [ONEDOOR, "dockerfile"],
            ["podman", "build", "--format", "docker", "--network", "host", "-t", name, "."],
        ):
            done = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert done.returncode == 0, f"{command}: {done.stdout[-1500:]}"
    return name


def promises(container, expect):
    for folder, target, body, foreign in FIXTURES:
        yield f"{folder} is built and answers", lambda a=(folder, target, body, foreign): answers(container, expect, *a)


def answers(container, expect, folder, target, body, foreign):
    name = image_of(folder)
    with container(image=name) as box:
        expect(box.text(target), (200, body), target)
        code, took = box.stop()
        expect((code, took < 10), (0, True), f"exit code and end within 10 s ({took:.1f} s)")
    layers.nothing_to_build(name)
    layers.without(name, foreign)
