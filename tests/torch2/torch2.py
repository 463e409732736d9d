#!/usr/bin/env python3
"""torch2.py [--torch=torch==2.15.0] [--jobs=N]: the tree against PyPI's LibTorch in place of Debian's.

Makes build/torch2-venv with the CUDA wheel (5.4 GB), and configures and builds build/torch2 against it. Runs the unit and integration tests
on its CPU, once with LibTorch's operators in place of the hand-written engine and once with that. Prints the versions, the tests, and how
far the weights of the same runs are from those of Debian's LibTorch (build/release). The hand-written engine is what build/torch2 ends with.

Exit code 0: every test passed, or the wheel could not be had, which a line says. 1: something failed."""

import argparse
import array
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, "build", "torch2-venv")
BUILD = os.path.join(ROOT, "build", "torch2")
DEBIANS = os.path.join(ROOT, "build", "release", "bin")
ROOM = 14e9  # bytes: the wheel with what it needs 5.4e9, its archives meanwhile, the tree
ENGINES = {"operators": "ON", "hand-written": "OFF"}  # by name: NMN_LIBTORCH_ENGINE
# Benchmark, architecture and updates of the runs whose weights are compared.
RUNS = [("b1", "nmn", 1), ("b1", "nmn", 10), ("b1", "rnn", 1), ("b1", "rnn", 10), ("b2", "nmn", 1), ("b3", "nmn", 1)]


class NotThere(Exception):
    """This machine cannot have the wheel; says why."""


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, check=True, **options)


def install(torch):
    """Leaves VENV whole, or not there."""
    python, whole = os.path.join(VENV, "bin", "python"), os.path.join(VENV, "whole")
    if os.path.exists(whole):
        with open(whole, encoding="utf-8") as file:
            if file.read() == torch:
                return
    if shutil.disk_usage(ROOT).free < ROOM:
        raise NotThere(f"it needs {ROOM / 1e9:.0f} GB of disk")
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", VENV)
    pip = subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check", torch],
                         stderr=subprocess.PIPE, text=True, check=False)
    if pip.returncode != 0:
        shutil.rmtree(VENV)
        sys.stderr.write(pip.stderr)
        # A package index that answers names its versions; so a version that is not there is an error, and no reason to skip.
        if "from versions: none" in pip.stderr or "Connection" in pip.stderr or "Read timed out" in pip.stderr:
            raise NotThere("PyPI cannot be reached")
        sys.exit(f"pip install {torch} failed; TORCH=torch==VERSION takes another version")
    with open(whole, "w", encoding="utf-8") as file:
        file.write(torch)


def build(engine, jobs):
    [prefix] = glob.glob(os.path.join(VENV, "lib", "python*", "site-packages", "torch"))
    run("cmake", "--preset", "release", "-B", BUILD, f"-DCMAKE_PREFIX_PATH={prefix}", "-DNMN_BUILD_BENCHMARKS=OFF",
        f"-DNMN_LIBTORCH_ENGINE={ENGINES[engine]}", stdout=subprocess.DEVNULL)
    run("cmake", "--build", BUILD, "--parallel", str(jobs))


def cases(pattern):
    return [case for path in glob.glob(pattern) for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase")]


def run_tests(engine, jobs):
    """Runs both suites. -> whether all passed, and a line of how many did: those within GoogleTest's programs are counted one by one."""
    results = os.path.join(BUILD, "results", engine)
    shutil.rmtree(results, ignore_errors=True)
    os.makedirs(results)
    programs = os.path.join(results, "programs.junit")
    code = subprocess.run(["ctest", "--test-dir", BUILD, "--label-regex", "^(unit|integration)$", "--output-on-failure",
                           "--parallel", str(jobs), "--output-junit", programs],
                          cwd=ROOT, env={**os.environ, "GTEST_OUTPUT": f"xml:{results}/"}, check=False).returncode
    every = cases(programs)
    green = sum(case.get("status") == "run" for case in every)
    inner = cases(f"{results}/*.xml")
    failed = sum(case.find("failure") is not None for case in inner)
    skipped = sum(case.find("skipped") is not None for case in inner)
    return code == 0, (f"{engine}: {green} of {len(every)} programs passed; "
                       f"in them {len(inner) - failed - skipped} of {len(inner)} tests, {skipped} skipped, {failed} failed")


def weights(binaries, benchmark, architecture, updates, folder):
    """Of a short run's networks: the policy as it is exported, and the hash of both."""
    directory, out = os.path.join(folder, "run"), os.path.join(folder, "policy.safetensors")
    for old in (directory, out):
        subprocess.run(["rm", "-rf", old], check=True)
    nmn = os.path.join(binaries, "nmn")
    run(nmn, "train", f"--benchmark={benchmark}", f"--arch={architecture}", "--preset=fast", "--seed=1", f"--updates={updates}",
        f"--run_dir={directory}", "--metrics=off", "--no_figure", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run(nmn, "export", directory, f"--out={out}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(out, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    numbers = {name: array.array("f", data[slice(*tensor["data_offsets"])]) for name, tensor in header.items() if name != "__metadata__"}
    with open(os.path.join(directory, "summary.json"), encoding="utf-8") as file:
        return numbers, json.load(file)["weights_sha256"]


def all_weights(binaries):
    with tempfile.TemporaryDirectory() as folder:
        return {case: weights(binaries, *case, folder) for case in RUNS}


def distance(case, ours, theirs):
    (found, digest), (expected, other) = ours[case], theirs[case]
    if digest == other:
        return "equal bits"
    return f"{max(abs(x - y) for name in expected for x, y in zip(expected[name], found[name])):.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", default="torch==2.15.0", help="what pip installs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    try:
        install(arguments.torch)
    except NotThere as reason:
        print(f"\n==== SKIPPED: LibTorch 2.x was not tried: {reason} ====\n")
        return 0
    good, lines, found = True, [], {"Debian's, hand-written": all_weights(DEBIANS)}
    for engine in ENGINES:
        build(engine, arguments.jobs)
        passed, line = run_tests(engine, arguments.jobs)
        good = good and passed
        lines.append(line)
        found[engine] = all_weights(os.path.join(BUILD, "bin"))
    run(os.path.join(BUILD, "bin", "nmn"), "version")
    print("largest difference of a weight of the policy (preset fast, seed 1):")
    print(f"  {'run':22}{'hand-written, Debian':>24}{'operators, Debian':>24}{'operators, hand-written':>26}")
    for case in RUNS:
        a, b, c = (distance(case, found[x], found[y])
                   for x, y in [("hand-written", "Debian's, hand-written"), ("operators", "Debian's, hand-written"), ("operators", "hand-written")])
        print(f"  {case[0]} {case[1]}, {case[2]:3} updates  {a:>24}{b:>24}{c:>26}")
        if c == "equal bits":
            print("    the operators were not used", file=sys.stderr)
            good = False
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
