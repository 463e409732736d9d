#!/bin/bash
# Makes every table and figure of docs/benchmarks.md again, into a folder: less than ten minutes where nothing else runs.
#
#   tests/bench/all.sh FOLDER [BIN]        # BIN: build/release/bin, where nmn, nmn-learner, nmn-actor, scaling-bench are
#
#   bench.txt             "One machine's figures"; bench_haswell.txt with OpenBLAS's narrower kernels
#   scaling.txt, .svg     "How cost grows"
#   actors.txt, .svg      "More actors"
#   phases.txt, .svg      "Where an update's time goes"
#   memory_b1.txt         "Memory": one minute; the acceptance is ten (tests/bench/memory.sh)
#   benchmarks_*.svg      the figures under the names that docs/ has
set -euo pipefail

out=${1:?"all.sh: which folder?"}
bin=${2:-build/release/bin}
here=$(dirname "$0")
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SECONDS=0
step() { echo "== $1 (after $SECONDS s; load $(cut -d' ' -f1 /proc/loadavg))" >&2; }

step "nmn bench"
"$bin/nmn" bench > "$out/bench.txt"
OPENBLAS_CORETYPE=Haswell "$bin/nmn" bench --filter=b1 > "$out/bench_haswell.txt"

step "how cost grows"
"$here/scaling.sh" --bin="$bin" --out="$out" > /dev/null

step "more actors"
"$here/actor_scaling.sh" --bin="$bin" --out="$out" > /dev/null

step "phases of an update"
run() { # PRESET UPDATES BENCHMARK
  "$bin/nmn" train --benchmark="$3" --preset="$1" --updates="$2" --run_dir="$work/$3-$1" --no_figure --set checkpoint.every_updates=1000 > /dev/null 2>&1
}
run fast 150 b1
run reference 15 b1
"$bin/nmn" report "$work/b1-fast" "$work/b1-reference" --out="$work/report" 2> /dev/null | sed -n '/^time of an update/,$p' \
  | sed "s#$work/##" > "$out/phases.txt"
cp "$work/report/phases.svg" "$work/report/phases.csv" "$out"

step "memory"
"$here/memory.sh" --bin="$bin" --seconds=60 --out="$work/memory" > /dev/null || echo "all.sh: memory.sh found a fault" >&2
cp "$work/memory/memory.txt" "$out/memory_b1.txt"

cp "$out/scaling.svg" "$out/benchmarks_scaling.svg"
cp "$out/actors.svg" "$out/benchmarks_actors.svg"
cp "$out/phases.svg" "$out/benchmarks_phases.svg"
step "done: $out"
