"""What the caller chose, from the environment; the only module that reads it."""

import os
import pathlib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """One run's choices."""

    rounds: int
    starts: int
    retakes: int
    """How often a sample is taken again that other programs have disturbed."""
    seconds: int
    warmup: int
    scenarios: tuple[str, ...]
    """Names, or beginnings of names; empty for all."""
    peers: tuple[str, ...] | None
    """None for all that are there."""
    onedoor: pathlib.Path
    baseline: pathlib.Path | None
    """A second onedoor, as a row of its own."""
    results: pathlib.Path


class BadSetting(Exception):
    """A variable that cannot be meant."""


def from_environment() -> Settings:
    """Reads ROUNDS, SECONDS_EACH, WARMUP, STARTS, RETAKES, BENCH, PEERS, ONEDOOR, BASELINE and RESULTS."""
    baseline = os.environ.get("BASELINE")
    peers = os.environ.get("PEERS")
    return Settings(
        rounds=_number("ROUNDS", 7),
        starts=_number("STARTS", 15),
        retakes=_number("RETAKES", 1, least=0),
        seconds=_number("SECONDS_EACH", 4),
        warmup=_number("WARMUP", 1),
        scenarios=tuple(os.environ.get("BENCH", "").split()),
        peers=None if not peers else tuple(peers.split()),
        onedoor=_binary(os.environ.get("ONEDOOR") or str(ROOT / "dist/onedoor")),
        baseline=_binary(baseline) if baseline else None,
        results=pathlib.Path(os.environ.get("RESULTS") or ROOT / "bench/results").resolve(),
    )


def _number(name, default, least=1):
    text = os.environ.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        raise BadSetting(f"{name}={text} is no whole number") from None
    if value < least:
        raise BadSetting(f"{name}={text} must be at least {least}")
    return value


def _binary(text):
    path = pathlib.Path(text).resolve()
    if not os.access(path, os.X_OK):
        raise BadSetting(f"{path} is no program: run make build, or say ONEDOOR=path")
    return path
