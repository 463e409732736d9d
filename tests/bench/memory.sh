#!/bin/bash
# How much memory a learner and its actors hold, and whether it grows with the number of updates: runs nmn-learner with
# nmn-actor processes over loopback TCP and samples VmRSS and VmHWM (the peak) of each from /proc.
#
#   tests/bench/memory.sh                                             # b1 fast, ten minutes
#   tests/bench/memory.sh --benchmark=b2 --preset=reference --updates=4 --seconds=600
#
# Ends after --seconds, or after --updates where given. Writes samples.csv and memory.txt (the table, which is printed
# too) into --out. Exit code 1 where a limit is exceeded, where memory grows, or where a process ended by itself; 42 for a
# bad flag. Growth is the slope of a straight line through the samples of the last half, times its length; it may be 1 %
# of the memory held, and 1 MiB. It is judged where that half has 20 updates or more.
set -euo pipefail

bin=build/release/bin benchmark=b1 preset=fast arch=nmn seconds=600 updates=0 actors=2 seed=1 out=
limit_learner="" limit_actor=64
for flag in "$@"; do
  case $flag in
    --bin=*) bin=${flag#*=} ;;
    --benchmark=*) benchmark=${flag#*=} ;;
    --preset=*) preset=${flag#*=} ;;
    --arch=*) arch=${flag#*=} ;;
    --seconds=*) seconds=${flag#*=} ;;
    --updates=*) updates=${flag#*=} ;;
    --actors=*) actors=${flag#*=} ;;
    --seed=*) seed=${flag#*=} ;;
    --out=*) out=${flag#*=} ;;
    --limit_learner_mib=*) limit_learner=${flag#*=} ;;
    --limit_actor_mib=*) limit_actor=${flag#*=} ;;
    *) echo "memory.sh: unknown flag $flag; see the comment at its top" >&2; exit 42 ;;
  esac
done
# Issue 10's limits: 1 GiB for b1, 4 GiB for b2 and b3.
if [ -z "$limit_learner" ]; then
  if [ "$benchmark" = b1 ]; then limit_learner=1024; else limit_learner=4096; fi
fi

# shellcheck source=tests/bench/fleet.sh
source "$(dirname "$0")/fleet.sh"
out=${out:-$work}
mkdir -p "$out"

# A budget that is never reached.
"$bin/nmn" train --benchmark="$benchmark" --preset="$preset" --arch="$arch" --seed="$seed" --updates=1000000 --print_config \
  > "$work/run.textproto"
start_fleet run "$actors"
names=(learner)
for ((i = 1; i <= actors; ++i)); do names+=("actor-$i"); done

echo "seconds,process,rss_kib,peak_kib,updates" > "$out/samples.csv"
began=$(date +%s.%N)
while true; do
  elapsed=$(awk -v now="$(date +%s.%N)" -v began="$began" 'BEGIN { printf "%.2f", now - began }')
  done_updates=0
  if [ -f "$work/run/metrics.jsonl" ]; then done_updates=$(wc -l < "$work/run/metrics.jsonl"); fi
  for i in "${!pids[@]}"; do
    awk -v head="$elapsed,${names[$i]}" -v updates="$done_updates" '
      $1 == "VmRSS:" { rss = $2 }
      $1 == "VmHWM:" { peak = $2 }
      END { if (rss == "") exit 1; printf "%s,%d,%d,%d\n", head, rss, peak, updates }' "/proc/${pids[$i]}/status" \
      >> "$out/samples.csv" 2>/dev/null || fail "${names[$i]} ended by itself"
  done
  if ((updates > 0 && done_updates >= updates)); then break; fi
  if awk -v elapsed="$elapsed" -v limit="$seconds" 'BEGIN { exit !(elapsed >= limit) }'; then break; fi
  sleep 1  # the sampling interval
done

verdict=0
awk -F, -v benchmark="$benchmark" -v preset="$preset" -v arch="$arch" -v wanted="$updates" \
  -v limit_learner="$limit_learner" -v limit_actor="$limit_actor" '
  NR > 1 {
    if (!($2 in count)) order[++processes] = $2
    n = ++count[$2]; time[$2, n] = $1; rss[$2, n] = $3 / 1024; updates[$2, n] = $5
    peak[$2] = $4 / 1024; last = $1; all = $5
  }
  END {
    printf "%s %s %s: %d updates in %.0f s\n", benchmark, arch, preset, all, last
    printf "%-10s %9s %9s %9s %14s %12s  %s\n", "process", "RSS MiB", "peak MiB", "limit", "MiB an hour", "last half", ""
    if (all < 1 || all < wanted) { print "the run did not reach its updates in time"; bad = 1 }
    for (p = 1; p <= processes; ++p) {
      name = order[p]; n = count[name]; from = int(n / 2) + 1; m = sx = sy = sxx = sxy = 0
      for (i = from; i <= n; ++i) {
        x = time[name, i]; y = rss[name, i]; ++m; sx += x; sy += y; sxx += x * x; sxy += x * y
      }
      spread = m * sxx - sx * sx
      slope = spread > 0 ? (m * sxy - sx * sy) / spread : 0
      growth = slope * (time[name, n] - time[name, from])
      judged = updates[name, n] - updates[name, from] >= 20
      limit = name == "learner" ? limit_learner : limit_actor
      allowed = sy / m * 0.01; if (allowed < 1) allowed = 1
      words = judged ? "" : "too few updates to judge growth"
      if (judged && growth > allowed) { words = "GROWS"; bad = 1 }
      if (peak[name] > limit) { words = words " OVER ITS LIMIT"; bad = 1 }
      printf "%-10s %9.1f %9.1f %9d %+14.2f %+8.2f MiB  %s\n", name, rss[name, n], peak[name], limit, slope * 3600, growth, words
    }
    exit bad
  }' "$out/samples.csv" > "$work/memory.txt" || verdict=1
cat "$work/memory.txt"
if [ "$out" != "$work" ]; then cp "$work/memory.txt" "$out/memory.txt"; fi

for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
for pid in "${pids[@]}"; do wait "$pid" || true; done
exit $verdict
