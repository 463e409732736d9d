#!/bin/bash
# SYNC and ASYNC, without and with V-trace, on environments whose step costs something: return against updates and
# against wall time. nmn-learner with nmn-actor processes over loopback TCP; figures and tables by `nmn report`.
#
#   tests/bench/async.sh --out=FOLDER        # writes learning_curve.*, until.csv and async.txt
#
# Each mode plays every seed; a run's wall time holds only where nothing else runs, so async.txt begins with the load.
set -euo pipefail

bin=build/release/bin benchmark=b1 preset=fast updates=150 cost=5 actors=2 seeds=1,2 lag=1 until=1000,2000,3000 out=
for flag in "$@"; do
  case $flag in
    --bin=*) bin=${flag#*=} ;;
    --benchmark=*) benchmark=${flag#*=} ;;
    --preset=*) preset=${flag#*=} ;;
    --updates=*) updates=${flag#*=} ;;
    --cost=*) cost=${flag#*=} ;; # env.step_cost_us
    --actors=*) actors=${flag#*=} ;;
    --seeds=*) seeds=${flag#*=} ;;
    --lag=*) lag=${flag#*=} ;; # async.max_lag
    --until=*) until=${flag#*=} ;;
    --out=*) out=${flag#*=} ;;
    *) echo "async.sh: unknown flag $flag; see the comment at its top" >&2; exit 42 ;;
  esac
done
load=$(cut -d' ' -f1 /proc/loadavg) # before the run
source "$(dirname "$0")/fleet.sh"
out=${out:-$work/out}
mkdir -p "$out"

# play NAME SEED SETTING..: one run, as $work/NAME-sSEED
play() {
  local name=$1-s$2 settings=()
  for setting in "${@:3}"; do settings+=(--set "$setting"); done
  "$bin/nmn" train --benchmark="$benchmark" --preset="$preset" --seed="$2" --updates="$updates" \
    --set "env.step_cost_us=$cost" "${settings[@]}" --print_config > "$work/$name.textproto"
  start_fleet "$name" "$actors"
  for pid in "${pids[@]}"; do wait "$pid" || fail "a process of $name failed"; done
  pids=()
  echo "$name: $(tail -n 1 "$work/$name/metrics.jsonl" | cut -c1-200)" >&2
}

for seed in ${seeds//,/ }; do
  play sync "$seed"
  play async "$seed" mode=ASYNC "async.max_lag=$lag"
  play v-trace "$seed" mode=ASYNC "async.max_lag=$lag" async.v_trace=true
done

{
  echo "$benchmark, preset $preset, env.step_cost_us $cost, $actors actors, $updates updates; $(nproc) cores; load $load"
  printf '%-14s %10s %10s %12s %10s %8s\n' run 'wall s' 'waiting s' discounted 'lag mean' 'lag max'
  for run in "$work"/*-s*/; do
    awk -v run="$(basename "$run")" '
      function number(name) { match($0, "\"" name "\":[0-9.e+-]*"); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 }
      { wall = number("wall_seconds"); wait += number("wait_seconds"); lag += number("policy_lag_mean")
        if (number("policy_lag_max") > most) most = number("policy_lag_max"); discounted = number("discounted_last_1000") }
      END { printf "%-14s %10.1f %10.1f %12.0f %10.2f %8d\n", run, wall, wait, discounted, lag / NR, most }' "$run/metrics.jsonl"
  done
  (cd "$work" && "$OLDPWD/$bin/nmn" report ./*-s*/ --until="$until" --out=figures 2> /dev/null)
} > "$out/async.txt"
cp "$work"/figures/learning_curve.* "$work/figures/until.csv" "$out/"
cat "$out/async.txt"
