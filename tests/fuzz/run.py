#!/usr/bin/env python3
"""Runs the targets of a fuzz build, two at a time, and prints what each did. `make fuzz` calls it.

Corpora grow in BUILD/corpus and are taken up again by the next run; tests/fuzz/corpus has the seeds. An input that ends a target is kept
in BUILD/faults, and the command that runs it again is printed. Ends with 1 if there was one.

usage: run.py BUILD [--seconds=60] [--jobs=2] [--target=NAME ..]
"""

import argparse
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
EXECUTED = re.compile(r"stat::number_of_executed_units: (\d+)")
# What a stranger's input may cost: a second is far more than any takes, and memory is bounded whatever numbers it has.
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=1024", "-max_len=16384"]
DICTIONARIES = {"policy": "config"}  # of another target, where they read the same words
ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


def run_target(build, name, seconds):
    """One row of the table, and what to say of a fault."""
    link = os.path.join(build, "targets", name)
    corpus, faults = os.path.join(build, "corpus", name), os.path.join(build, "faults", name)
    for folder in (os.path.dirname(link), corpus, faults):
        os.makedirs(folder, exist_ok=True)
    if not os.path.lexists(link):
        os.symlink(os.path.join("..", "bin", "nmn_fuzz"), link)
    command = [link, *LIMITS, f"-artifact_prefix={faults}/"]
    dictionary = os.path.join(HERE, f"{DICTIONARIES.get(name, name)}.dict")
    if os.path.exists(dictionary):
        command.append(f"-dict={dictionary}")
    command += [f"-max_total_time={seconds}", "-print_final_stats=1", corpus, os.path.join(HERE, "corpus", name)]
    log = os.path.join(build, "faults", f"{name}.log")
    with open(log, "wb") as out:
        began = time.monotonic()
        code = subprocess.run(command, env={**os.environ, **ENVIRONMENT}, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
        took = time.monotonic() - began
    with open(log, encoding="utf-8", errors="replace") as lines:
        text = lines.read()
    progress, executed = PROGRESS.findall(text), EXECUTED.findall(text)
    edges, _, inputs = progress[-1] if progress else ("0", "0", "0")
    kept = sorted(os.listdir(faults), key=lambda entry: os.path.getmtime(os.path.join(faults, entry)))
    fault = ""
    if code != 0:
        again = f"{shlex.quote(link)} {shlex.quote(os.path.join(faults, kept[-1]))}" if kept else shlex.join(command)
        summary = next((line for line in text.split("\n") if line.startswith(("SUMMARY:", "does not hold:"))), f"ended with {code}")
        fault = f"{name}: {summary}\n  log: {log}\n  again: {again}"
    return [name, executed[-1] if executed else "0", edges, inputs, f"{took:.0f}", "1" if code != 0 else "0"], fault


def names_of(build):
    """The binary says them where it is called by its own name."""
    said = subprocess.run([os.path.join(build, "bin", "nmn_fuzz")], stderr=subprocess.PIPE, text=True, check=False).stderr
    return said.split(":", 1)[1].split()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--target", action="append")
    arguments = parser.parse_args()
    known = names_of(arguments.build)
    unknown = sorted(set(arguments.target or []) - set(known))
    if unknown:
        sys.exit(f"--target={unknown[0]}: there is none of that name; there are {', '.join(known)}")
    build = os.path.abspath(arguments.build)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda name: run_target(build, name, arguments.seconds), arguments.target or known))
    rows = [["target", "executions", "edges", "corpus", "seconds", "faults"]] + [row for row, _ in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]))
    faults = [fault for _, fault in results if fault]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
