#!/usr/bin/env python3
"""Benchmark 1 with preset `reference`, beside the same rules in PyTorch and JAX and beside RecurrentPPO of sb3-contrib.

`make bench-peers` calls it. All run in turn within each round, on one core and on two. A time is that of an update with the critic's
replay full, without start and compilation: the median over updates, then over rounds. docs/benchmarks.md says what the table means.

Exit code 0: done, or checked. 1: something failed or differs. 77: no peer can be installed here."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import packages
from jobs import Failed, Job
from packages import HERE, PYTHON, ROOT, NotThere, Unreachable

SKIPPED = 77
FULL = 3  # the first update that has the critic's replay full
UPDATE_STEPS = {"b1": 50 * 1400, "b2": 50 * 4000}  # environment steps
NAMES = {"nmn": "nmn", "torch": "PyTorch", "jax": "JAX", "sb3": "RecurrentPPO"}
SEEDS = 15


@dataclass
class Figure:
    """Of one program in one round."""

    seconds: float  # an update
    discounted: float | None  # return, mean of the last 50 episodes
    wall: float  # of training
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Row:
    """Of one program on so many cores: a figure a round, and those of nmn beside them."""

    title: str
    program: str
    cores: int
    ours: list[Figure]
    figures: list[Figure] = field(default_factory=list)

    def seconds(self) -> list[float]:
        return [figure.seconds for figure in self.figures]

    def ratios(self) -> list[float]:
        """How many times as long as nmn, in each round."""
        return [figure.seconds / ours.seconds for figure, ours in zip(self.figures, self.ours)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def of_run(run: Path) -> Figure:
    """Of a run of nmn. An update lasts from the end of the one before to its own end (docs/run_files.md)."""
    rows = read_lines(run / "metrics.jsonl")
    walls = [row["wall_seconds"] for row in rows]
    return Figure(statistics.median(b - a for a, b in zip(walls[FULL - 2:], walls[FULL - 1:])), rows[-1]["discounted_mean"], walls[-1])


def of_lines(lines: list[dict[str, Any]]) -> Figure:
    rows = [line for line in lines if "update" in line]
    return Figure(statistics.median(row["seconds"] for row in rows if row["update"] >= FULL), rows[-1]["discounted_mean"],
                  sum(row["seconds"] for row in rows), {key: value for line in lines if "update" not in line for key, value in line.items()})


class Bench:
    """Runs programs and keeps what they took. `folder` is for their files and is removed by whoever made it."""

    def __init__(self, nmn: Path, updates: int, cores: list[int], folder: Path) -> None:
        self.nmn, self.updates, self.cores, self.folder = nmn, updates, cores, folder
        self.jobs = 0

    def place(self) -> Path:
        self.jobs += 1
        return self.folder / str(self.jobs)

    def run_nmn(self, cores: int, benchmark: str, updates: int) -> Figure:
        place = self.place()
        command = [self.nmn, "train", f"--benchmark={benchmark}", "--preset=reference", f"--updates={updates}", f"--threads={cores}",
                   f"--actors={cores}", "--metrics=off", "--no_figure", f"--run_dir={place}/run"]
        with Job(command, self.cores[:cores], place) as job:
            job.wait()
        return of_run(place / "run")

    def run_peer(self, peer: str, cores: int, benchmark: str, updates: int, ours: Figure) -> Figure:
        if peer == "sb3":
            command = [HERE / "sb3_b1.py", f"--threads={cores}", f"--seconds={ours.wall}"]
        elif peer == "torch":
            command = [HERE / "torch_b1.py", f"--threads={cores}", f"--updates={updates}"]
        else:
            command = [HERE / "jax_b1.py", f"--cores={cores}", f"--updates={updates}", f"--benchmark={benchmark}"]
        with Job([PYTHON, *command], self.cores[:cores], self.place()) as job:
            lines = job.lines()
        if peer != "sb3":
            return of_lines(lines)
        [line] = lines
        return Figure(UPDATE_STEPS[benchmark] / line["steps_per_second"], line["discounted_mean"], line["seconds"], line)

    def seeds_nmn(self) -> Figure:
        place, began = self.place(), time.monotonic()
        command = [self.nmn, "sweep", place / "sweep", "--benchmark=b1", "--preset=reference", f"--seeds=1-{SEEDS}", "--jobs=2",
                   "--threads=1", f"--updates={self.updates}"]
        with Job(command, self.cores[:2], place) as job:
            job.wait()
        wall = time.monotonic() - began
        runs = [of_run(path.parent) for path in sorted(place.glob("sweep/*/metrics.jsonl"))]
        if len(runs) != SEEDS:
            raise Failed(f"nmn sweep left {len(runs)} runs with metrics.jsonl, not {SEEDS}")
        return self.of_seeds(runs, wall)

    def seeds_jax(self) -> Figure:
        """Two processes, one on each core; in each the seeds go one after the other."""
        place, began, half = self.place(), time.monotonic(), math.ceil(SEEDS / 2)
        command = [PYTHON, HERE / "jax_b1.py", f"--updates={self.updates}"]
        with Job([*command, f"--seeds={half}"], self.cores[:1], place / "a") as a, \
                Job([*command, f"--seed={half + 1}", f"--seeds={SEEDS - half}"], self.cores[1:2], place / "b") as b:
            lines = a.lines() + b.lines()
        wall = time.monotonic() - began
        return self.of_seeds([of_lines([line for line in lines if line.get("seed") == seed]) for seed in range(1, SEEDS + 1)], wall)

    @staticmethod
    def of_seeds(runs: list[Figure], wall: float) -> Figure:
        """Two runs go on at a time, so an update of one costs half of what it takes."""
        return Figure(statistics.median(run.seconds for run in runs) / 2, statistics.mean(run.discounted or 0 for run in runs), wall,
                      {"wall_seconds_with_start": wall})


def show(rows: list[Row], skipped: dict[str, str], machine: dict[str, Any]) -> None:
    """The table."""
    def cell(values: list[float], digits: int = 3) -> str:
        middle, low, high = statistics.median(values), min(values), max(values)
        return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"

    table = [["", "program", "seconds an update", "times as long as nmn", "env-steps/s", "return"]]
    for row in rows:
        if not row.figures:
            continue
        steps = UPDATE_STEPS["b2" if "b2" in row.title else "b1"] / statistics.median(row.seconds())
        returns = [figure.discounted for figure in row.figures if figure.discounted is not None]
        table.append([row.title, NAMES[row.program], cell(row.seconds()), "1" if row.program == "nmn" else cell(row.ratios(), 2),
                      f"{steps / 1000:.1f} k", f"{statistics.median(returns):.0f}" if returns else "no episode ended"])
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    print()
    for line in table:
        print("  ".join([text.ljust(width) for text, width in zip(line, widths)]).rstrip())
    print(f"""
Median (and range) over {machine['rounds']} rounds of {machine['updates']} updates each. Times have neither start nor compilation in them.
return: discounted, mean of the last 50 episodes; after as many updates, and for RecurrentPPO after as much time as nmn's run took.
RecurrentPPO: seconds for the environment steps of an update, 70 000, from end to end. It has other rules; docs/benchmarks.md says which.
CPU: {machine['cpu']}; cores {', '.join(map(str, machine['cores']))}; load before it {machine['load_before']:.1f}, after it {machine['load_after']:.1f}
commit: {machine['commit']}; the program is of {machine['nmn_commit']}
versions: {', '.join(f'{name} {version}' for name, version in machine['versions'].items())}""")
    for peer, reason in skipped.items():
        print(f"==== SKIPPED: {NAMES[peer]}: {reason} ====")
    if skipped:
        print(f"==== {len(skipped)} of the peers skipped ====")


def output(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def describe(nmn: Path) -> dict[str, Any]:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    said = dict(line.split(None, 1) for line in output(nmn, "version").splitlines() if len(line.split(None, 1)) == 2)
    changed = " with changes" if output("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {"cpu": models[0] if models else "unknown", "commit": (output("git", "rev-parse", "HEAD") or "unknown") + changed,
            "nmn_commit": said.get("commit", "unknown"), "blas": said.get("blas", "unknown"), "versions": packages.versions()}


def measure(arguments: argparse.Namespace, peers: list[str], cores: list[int], folder: Path) -> list[Row]:
    bench, rows, plan = Bench(arguments.nmn, arguments.updates, cores, folder), [], []

    def add(title: str, n: int, peers: list[str], ours: Callable[[], Figure], theirs: Callable[[str, Figure], Figure]) -> None:
        own = Row(title, "nmn", n, [])
        own.ours = own.figures
        others = [Row(title, peer, n, own.figures) for peer in peers]
        rows.extend([own, *others])
        plan.append((own, others, ours, theirs))

    for n in [n for n in (1, 2) if n <= len(cores) and n in arguments.cores]:
        add(f"b1, {n} core{'s' * (n > 1)}", n, peers, lambda n=n: bench.run_nmn(n, "b1", arguments.updates),
            lambda peer, own, n=n: bench.run_peer(peer, n, "b1", arguments.updates, own))
    jax = [peer for peer in peers if peer == "jax"]
    if arguments.b2:
        updates = max(FULL, min(arguments.updates, 4))  # an update takes half a minute
        add("b2, 1 core", 1, jax, lambda: bench.run_nmn(1, "b2", updates), lambda peer, own: bench.run_peer(peer, 1, "b2", updates, own))
    if arguments.seeds and len(cores) > 1:
        add(f"b1, {SEEDS} seeds, 2 cores", 2, jax, bench.seeds_nmn, lambda peer, own: bench.seeds_jax())

    for number in range(1, arguments.rounds + 1):
        for own, others, ours, theirs in plan:
            own.figures.append(ours())
            print(f"round {number}, {own.title}: nmn {own.figures[-1].seconds:.3f} s", end="", flush=True)
            for row in others:
                row.figures.append(theirs(row.program, own.figures[-1]))
                print(f", {NAMES[row.program]} {row.figures[-1].seconds:.3f} s", end="", flush=True)
            print(flush=True)
    return rows


def check(nmn: Path, peers: list[str], cores: list[int], folder: Path) -> int:
    print("checking that the peers play by the rules of nmn; it takes about a minute", flush=True)
    with Job([PYTHON, HERE / "check.py", f"--nmn={nmn}", f"--folder={folder}", f"--peers={','.join(peers)}"], cores, folder / "check") as job:
        job.process.wait()
        said = job.stdout.read_text(encoding="utf-8")
        print(said, end="")
        if "DIFFERS" in said:
            print("a peer does not play by the rules of nmn: see DIFFERS above", file=sys.stderr)
            return 1
        job.wait()
    print("they do")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(word) for word in text.split(",")]
    parser.add_argument("--nmn", type=Path, default=ROOT / "build" / "release" / "bin" / "nmn", help="the program")
    parser.add_argument("--rounds", type=int, default=5, help="how often each program runs")
    parser.add_argument("--updates", type=int, default=12, help=f"of each run; at least {FULL}, from which on the critic's replay is full")
    parser.add_argument("--only", default="torch,jax,sb3", help="the peers to run")
    parser.add_argument("--cores", type=numbers, default=[1, 2], help="1, 2 or 1,2")
    parser.add_argument("--b2", action="store_true", help="benchmark 2 in JAX too, on one core: four minutes more a round")
    parser.add_argument("--seeds", action="store_true", help=f"{SEEDS} seeds on two cores in JAX too: minutes more a round")
    parser.add_argument("--check", action="store_true", help="see whether the peers play by the same rules, and time nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "peers.json", help="the figures as JSON")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",")
    for peer in arguments.only:
        if peer not in packages.PACKAGES:
            parser.error(f"--only={peer}: there is no such peer; there are {', '.join(packages.PACKAGES)}")
    if arguments.updates < FULL:
        parser.error(f"--updates={arguments.updates}: the critic's replay is full from update {FULL} on")
    if arguments.rounds < 1:
        parser.error(f"--rounds={arguments.rounds}: at least 1")
    if not set(arguments.cores) <= {1, 2}:
        parser.error("--cores: 1, 2 or 1,2")
    if not os.access(arguments.nmn, os.X_OK):
        parser.error(f"--nmn={arguments.nmn}: there is no such program; make build makes it")
    arguments.nmn = arguments.nmn.resolve()
    return arguments


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end(number: int, frame: object) -> None:
    """A second signal does not cut short what the first one began."""
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    arguments = parse()
    for one in SIGNALS:
        signal.signal(one, end)
    skipped: dict[str, str] = {}
    unreachable = 0
    for peer in arguments.only:
        try:
            packages.install(peer)
        except NotThere as reason:
            skipped[peer] = str(reason)
            unreachable += isinstance(reason, Unreachable)
            print(f"\n==== SKIPPED: {NAMES[peer]}: {reason} ====\n", flush=True)
    peers = [peer for peer in arguments.only if peer not in skipped]
    if not peers:
        print("==== SKIPPED: no peer can be installed here; nothing was compared ====")
        return SKIPPED if unreachable else 1
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("==== SKIPPED: two cores: this process may use one ====")
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="peers-", dir=ROOT / "build") as folder:
        if arguments.check:
            return check(arguments.nmn, peers, cores[:2], Path(folder))
        load_before = os.getloadavg()[0]
        rows = measure(arguments, peers, cores[:2], Path(folder))
    machine = {**describe(arguments.nmn), "rounds": arguments.rounds, "updates": arguments.updates, "cores": cores[:2],
               "load_before": load_before, "load_after": os.getloadavg()[0]}
    show(rows, skipped, machine)
    found = [{"title": row.title, "program": row.program, "cores": row.cores, "seconds_median": statistics.median(row.seconds()),
              "ratio_median": statistics.median(row.ratios()), "ratios": row.ratios(),
              "rounds": [vars(figure) for figure in row.figures]} for row in rows]
    arguments.out.write_text(json.dumps({"machine": machine, "skipped": skipped, "rows": found}, indent=1) + "\n", encoding="utf-8")
    print(f"as JSON: {arguments.out}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"run.py: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
