#!/bin/bash
# Throughput against the number of actors, for environments whose step costs nothing and something (env.step_cost_us):
# nmn-learner with 1, 2, 4 and 8 nmn-actor processes over loopback TCP. One line a point:
#
#   steps/s      environment steps over the median wait for an update's episodes
#   updates/s    1 over the median wall time from update to update
#   waiting      share of that time in which the learner waits for episodes; below one half the learner is the bottleneck
#   cores        CPU time of all processes over wall time: as many cores as they got. A point that should fill the machine
#                and got less was measured beside other programs
#
#   tests/bench/actor_scaling.sh --out=FOLDER        # a few minutes; writes actors.csv, actors.txt and actors.svg
#
# The preset's work unit of 10 episodes would cut an update into 5 units, for at most 5 actors: here it is 1 episode, which
# does not change results. The first update, in which actors still arrive, is not counted.
set -euo pipefail

bin=build/release/bin benchmark=b1 preset=fast seconds=5 out=
costs=0,5,20,100 counts=1,2,4,8
for flag in "$@"; do
  case $flag in
    --bin=*) bin=${flag#*=} ;;
    --benchmark=*) benchmark=${flag#*=} ;;
    --preset=*) preset=${flag#*=} ;;
    --costs=*) costs=${flag#*=} ;;
    --actors=*) counts=${flag#*=} ;;
    --seconds=*) seconds=${flag#*=} ;; # about so long a point, but 2 updates at least
    --out=*) out=${flag#*=} ;;
    *) echo "actor_scaling.sh: unknown flag $flag; see the comment at its top" >&2; exit 42 ;;
  esac
done
here=$(dirname "$0")
cores=$(nproc)
load=$(cut -d' ' -f1 /proc/loadavg)  # before the run
source "$here/fleet.sh"
out=${out:-$work/out}
mkdir -p "$out"

# CPU seconds of this shell's processes that have ended: those that `times` wrote to a file, in this shell and no other.
children_cpu() {
  awk 'NR == 2 { for (i = 1; i <= 2; ++i) { split($i, t, /[ms]/); sum += 60 * t[1] + t[2] } printf "%.3f", sum }' "$1"
}

# measure COST ACTORS: one line of CSV
measure() {
  local cost=$1 actors=$2 updates began cpu
  local run="$work/run-$cost-$actors"
  # 70 000 steps of an update shared by the cores, and 0.15 s for the rest.
  updates=$(awk -v cost="$cost" -v actors="$actors" -v cores="$cores" -v seconds="$seconds" 'BEGIN {
    busy = actors < cores ? actors : cores
    n = int(seconds / (0.15 + 0.07 * cost / busy)); if (n < 2) n = 2; if (n > 60) n = 60
    print n + 1 }')
  "$bin/nmn" train --benchmark="$benchmark" --preset="$preset" --updates="$updates" --set "env.step_cost_us=$cost" \
    --set work.unit_episodes=1 --print_config > "$run.textproto"
  began=$(date +%s.%N)
  times > "$work/times"
  cpu=$(children_cpu "$work/times")
  start_fleet "run-$cost-$actors" "$actors"
  for pid in "${pids[@]}"; do wait "$pid" || fail "a process failed at cost $cost, $actors actors"; done
  pids=()
  times > "$work/times"
  awk -v cost="$cost" -v actors="$actors" -v began="$began" -v ended="$(date +%s.%N)" -v before="$cpu" \
    -v after="$(children_cpu "$work/times")" '
    function number(name) { match($0, "\"" name "\":[0-9.e+-]*"); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 }
    function median(values, n,    i, j, swap) {
      for (i = 1; i <= n; ++i) for (j = i + 1; j <= n; ++j) if (values[j] < values[i]) { swap = values[i]; values[i] = values[j]; values[j] = swap }
      return (values[int((n + 1) / 2)] + values[int((n + 2) / 2)]) / 2
    }
    { wall = number("wall_seconds"); steps = number("environment_steps") / NR }
    NR > 1 { wait[NR - 1] = number("wait_seconds"); update[NR - 1] = wall - last }
    { last = wall }
    END {
      n = NR - 1; w = median(wait, n); u = median(update, n)
      printf "%s,%d,%d,%.6g,%.6g,%.6g,%.6g,%.4f,%.3f\n", cost, actors, n, w, u, steps / w, 1 / u, w / u, (after - before) / (ended - began)
    }' "$run/metrics.jsonl"
}

echo "step_cost_us,actors,updates,wait_seconds,update_seconds,collected_steps_per_second,updates_per_second,waiting_share,cores_got" \
  > "$out/actors.csv"
for cost in ${costs//,/ }; do
  for actors in ${counts//,/ }; do
    measure "$cost" "$actors" >> "$out/actors.csv"
    echo "step cost $cost us, $actors actors: $(tail -n 1 "$out/actors.csv")" >&2
  done
done

{
  echo "$benchmark, preset $preset; $cores cores; load $load"
  awk -F, '
    NR == 1 { printf "%12s %7s %12s %9s %10s %9s %8s %6s\n", "step cost us", "actors", "steps/s", "of one", "updates/s", "of one", "waiting", "cores"; next }
    NR == 2 || $1 != cost { cost = $1; steps = $6; updates = $7 }
    { printf "%12s %7d %12.0f %8.2fx %10.3f %8.2fx %6.0f %% %6.2f\n", $1, $2, $6, $6 / steps, $7, $7 / updates, 100 * $8, $9 }' "$out/actors.csv"
} > "$out/actors.txt"
cat "$out/actors.txt"
if command -v gnuplot > /dev/null; then
  gnuplot -e "points='$out/actors.csv'; cores=$cores; costs='${costs//,/ }'" "$here/actor_scaling.gnuplot" > "$out/actors.svg"
else
  echo "actor_scaling.sh: no gnuplot (Debian: gnuplot-nox), so no figure" >&2
fi
