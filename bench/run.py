"""`make bench`: onedoor and its peers, in turn, under the same load on this machine. Prints tables, writes JSON and SVG.

Nothing here can fail because of a figure: a goal that is missed is said, and the run goes on.
"""

import datetime
import json
import os
import shutil
import signal
import subprocess
import sys

import chart
import load
import machine
import process
import report
import scenarios
import settings
import summary
from lab import Lab
from peers import PEERS, Peer, onedoor_at
from peers.nginx import Nginx
from scenarios import Figure, Row, Scenario

ROUTES_HOOK = settings.ROOT / "bench/routes"


def main() -> int:
    """The run from the first line to the last."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        chosen = settings.from_environment()
        wanted = scenarios.chosen(chosen.scenarios)
        peers = _peers(chosen)
    except (settings.BadSetting, scenarios.NoSuchScenario) as error:
        return _say_and_leave(error)
    for program, found in (("wrk", shutil.which("wrk")), ("nginx", Nginx().binary())):
        if not found:
            return _say_and_leave(f"{program} is missing, and there is no measurement without it: install Debian's package")
    _say_the_machine(chosen, peers)
    run = _run_header(chosen, peers)
    if wanted:
        try:
            _measure_all(Lab(chosen.seconds, chosen.warmup), wanted, peers, chosen, run)
        except process.NotStarted as error:
            return _say_and_leave(error)
        except KeyboardInterrupt:
            print("\nbench: stopped; what was finished is kept", file=sys.stderr)
        finally:
            process.kill_all()
    if not chosen.scenarios or "routes" in chosen.scenarios:
        _run_routes_hook()
    return 0


def _say_and_leave(why) -> int:
    print(f"bench: {why}", file=sys.stderr)
    return 2


def _peers(chosen: settings.Settings) -> dict[str, Peer]:
    """onedoor, its baseline, and those of the chosen that are there; who is missing is said."""
    unknown = set(chosen.peers or ()) - set(PEERS) - {"none"}
    if unknown:
        raise settings.BadSetting(f"PEERS: there is no {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    found: dict[str, Peer] = {summary.DOOR: onedoor_at(summary.DOOR, chosen.onedoor)}
    if chosen.baseline:
        found[summary.BASELINE] = onedoor_at(summary.BASELINE, chosen.baseline)
    for name, peer in PEERS.items():
        if chosen.peers is not None and name not in chosen.peers:
            continue
        if peer.binary():
            found[name] = peer
        else:
            print(f"bench: {name} is left out: {peer.missing}", file=sys.stderr)
    return found


def _say_the_machine(chosen, peers) -> None:
    cores = machine.cores()
    if cores.proxy is None:
        print("bench: there is one CPU only: nobody is pinned, and the proxies share it with their load")
    else:
        print(f"bench: the proxy has CPU {cores.proxy} to itself; backend and load generator share CPU {cores.others}")
    print("bench: " + ", ".join(f"{name} {peer.version()}" for name, peer in peers.items()))
    print(f"bench: {chosen.rounds} rounds of {chosen.seconds} s after {chosen.warmup} s of warm-up\n", flush=True)


def _run_header(chosen, peers) -> dict:
    cores = machine.cores()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": {**machine.facts(), "proxy_core": cores.proxy, "other_core": cores.others},
        "method": {"rounds": chosen.rounds, "seconds": chosen.seconds, "warmup": chosen.warmup, "starts": chosen.starts},
        "versions": {name: peer.version() for name, peer in peers.items()},
        "scenarios": [],
    }


def _measure_all(lab: Lab, wanted, peers, chosen, run) -> None:
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    text = ""
    try:
        for scenario in wanted:
            if not lab.can(scenario):
                print(f"{scenario.name}: skipped, for there is no Go to build its backend with\n", flush=True)
                continue
            rounds = chosen.starts if scenario.figure is Figure.START else chosen.rounds
            rows, problems = _measure(lab, scenario, peers, rounds, chosen.retakes)
            shown = report.table(scenario, rows, problems)
            print(shown, flush=True)
            text += shown + "\n"
            run["scenarios"].append(_kept(scenario, rows, problems))
            # After each: a run that is broken off has not been for nothing.
            _write(chosen.results, stamp, run, text)
    finally:
        lab.close()
        if run["scenarios"]:
            print(f"bench: figures in {os.path.relpath(chosen.results / stamp)}.json, .svg and .txt")


def _measure(lab: Lab, scenario: Scenario, peers, rounds: int, retakes: int) -> tuple[dict[str, list], list[str]]:
    """All rounds of one scenario. A row that fails in a round has a gap there, and its reason is told once."""
    lines = _rows(scenario, peers)
    rows = {row.name: [] for row in lines}
    problems: dict[str, str] = {}
    for number in range(rounds):
        for row in _order(lines, number):
            _progress(f"{scenario.name}: round {number + 1} of {rounds}, {row.name}")
            try:
                sample = _undisturbed(lambda: lab.sample(scenario, row, peers[row.peer]), retakes)
            except (process.NotStarted, load.LoadFailed, OSError) as error:
                problems.setdefault(row.name, f"{row.name} failed: {error}")
                sample = None
            rows[row.name].append(sample)
    _progress("")
    return rows, list(problems.values())


def _undisturbed(take, retakes: int) -> dict:
    """A sample that nobody disturbed, or after some tries the least disturbed."""
    best = take()
    for _ in range(retakes):
        if best.get("others_share", 0) <= report.DISTURBED_SHARE:
            break
        best = min(best, take(), key=lambda sample: sample["others_share"])
    return best


def _rows(scenario: Scenario, peers) -> list[Row]:
    """The scenario's rows of those who are there; the baseline stands wherever onedoor does."""
    rows = []
    for row in scenario.rows:
        if row.peer in peers:
            rows.append(row)
        if row.peer == summary.DOOR and summary.BASELINE in peers:
            rows.append(Row(summary.BASELINE, row.shape, row.via, row.ways))
    return rows


def _order(rows: list[Row], number: int) -> list[Row]:
    """Each order once forwards and once backwards, then another one first: nobody always follows the same neighbour."""
    first = number // 2 % len(rows)
    turned = rows[first:] + rows[:first]
    return turned if number % 2 == 0 else turned[::-1]


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _kept(scenario, rows, problems) -> dict:
    ratios = {name: found for name in rows if name != summary.DOOR and (found := summary.ratio(rows, summary.DOOR, name))}
    verdict = summary.verdict(scenario, rows)
    return {
        "name": scenario.name,
        "title": scenario.title,
        "figure": scenario.figure.value,
        "verdict": verdict.sentence,
        "met": verdict.met,
        "onedoor_to": {name: vars(found) for name, found in ratios.items()},
        "problems": problems,
        "rows": rows,
    }


def _write(folder, stamp, run, text) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stamp}.json").write_text(json.dumps(run, indent=1) + "\n")
    (folder / f"{stamp}.svg").write_text(chart.draw(run))
    (folder / f"{stamp}.txt").write_text(text)


def _run_routes_hook() -> None:
    """The cost of planning a request by the number of routes is counted in instructions, by a program of its own."""
    if os.access(ROUTES_HOOK, os.X_OK):
        subprocess.run([ROUTES_HOOK], check=False)


if __name__ == "__main__":
    sys.exit(main())
