#!/bin/bash
# How the cost of an update and of its parts grows, from scaling-bench (Google Benchmark, one core, CPU time): tables with
# the memory taken and the slope in a log-log plot, 1 being proportional.
#
#   tests/bench/scaling.sh --out=FOLDER     # a few minutes; writes scaling.txt, scaling.svg and a .csv a family
set -euo pipefail

bin=build/release/bin out=
for flag in "$@"; do
  case $flag in
    --bin=*) bin=${flag#*=} ;;
    --out=*) out=${flag#*=} ;;
    *) echo "scaling.sh: unknown flag $flag; see the comment at its top" >&2; exit 42 ;;
  esac
done
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${out:-$work/out}
mkdir -p "$out"

# family NAME HEADING SIZE: runs one family, appends its table to scaling.txt. SIZE is what grows: argument, parameters,
# or - for families that are no law of growth.
family() {
  local name=$1 heading=$2 size=$3
  echo "$name" >&2
  "$bin/scaling-bench" --benchmark_filter="^$name/" --benchmark_format=csv --benchmark_min_time=0.2 \
    > "$out/$name.csv" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
  awk -F, -v heading="$heading" -v size="$size" '
    { gsub(/"/, "") }
    $1 == "name" { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    !("cpu_time" in column) { next }
    {
      ++n; arguments[n] = $1; sub(/^[^\/]*\//, "", arguments[n]); sub(/\/real_time$/, "", arguments[n])
      milliseconds[n] = $column["cpu_time"]
      if ("GFLOP/s" in column) gflops[n] = $column["GFLOP/s"] / 1e9 < 1 ? $column["GFLOP/s"] : $column["GFLOP/s"] / 1e9
      if ("MiB" in column) mebibytes[n] = $column["MiB"]
      if ("parameters" in column) parameters[n] = $column["parameters"]
      x[n] = size == "parameters" ? parameters[n] : arguments[n]
    }
    END {
      printf "%s\n%12s %12s %14s %9s %8s %7s\n", heading, "", "parameters", "CPU ms", "GFLOP/s", "MiB", "slope"
      for (i = 1; i <= n; ++i) {
        slope = ""
        if (size != "-" && i > 1) slope = sprintf("%.2f", log(milliseconds[i] / milliseconds[i - 1]) / log(x[i] / x[i - 1]))
        printf "%12s %12d %14.3f %9.1f %8.0f %7s\n", arguments[i], parameters[i], milliseconds[i], gflops[i], mebibytes[i], slope
        a = log(x[i]); b = log(milliseconds[i]); sa += a; sb += b; saa += a * a; sab += a * b
      }
      if (size != "-") printf "fitted slope %.2f\n", (n * sab - sa * sb) / (n * saa - sa * sa)
      print ""
    }' "$out/$name.csv" >> "$out/scaling.txt"
}

cores=$(nproc)
{ echo "$cores cores; load before it $(cut -d' ' -f1 /proc/loadavg)"; echo; } > "$out/scaling.txt"
family UpdateByEpisodes "A whole update of b1, one epoch, by its episodes" argument
family UpdateByUnits "A whole update of 16 episodes of 100 steps, one epoch, by GRU units (b1's NMN)" parameters
family BackwardByUnits "Forward and backward, 50 steps of 25 sequences, by GRU units (b1's NMN)" parameters
family BackwardBySequences "Forward and backward, 200 steps, b1's policy, by sequences" argument
family BackwardByShape "Forward and backward, b1's policy, by steps/sequences" -
family BackwardLarge "Forward and backward, 4 steps, by GRU units/sequences" -
family ActorLoopByLanes "The actor's loop, 200 steps of b1, by episodes at once" argument
family BackwardByThreads "Forward and backward, 200 steps of 100 sequences, b1's policy, by threads (CPU time of the calling one)" -
cat "$out/scaling.txt"
if command -v gnuplot > /dev/null; then
  gnuplot -e "folder='$out'" "$here/scaling.gnuplot" > "$out/scaling.svg"
else
  echo "scaling.sh: no gnuplot (Debian: gnuplot-nox), so no figure" >&2
fi
