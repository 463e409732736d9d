#!/usr/bin/env bash
# What metrics cost a run: alternates `nmn train` with --metrics=off and with metrics that are scraped each second.
#
#   tests/bench/metrics_cost.sh [--pairs=5] [--updates=60] [BIN]        # BIN: build/release/bin
#
# One line a run: pair, metrics off or on, wall seconds, CPU seconds (user and system), scrapes. Then, over the pairs, the
# median of the ratio on / off of each. The order within a pair changes from pair to pair. Needs curl.
set -euo pipefail
pairs=5
updates=60
bin=build/release/bin
for flag in "$@"; do
  case "$flag" in
    --pairs=*) pairs=${flag#*=} ;;
    --updates=*) updates=${flag#*=} ;;
    -*) echo "metrics_cost.sh: unknown flag $flag; see the comment at its top" >&2; exit 42 ;;
    *) bin=$flag ;;
  esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%R %U %S'

# run PAIR off|on
run() {
  local metrics=off scrapes=0 times
  [ "$2" = on ] && metrics=127.0.0.1:0
  : > "$work/log"
  { time "$bin/nmn" train --benchmark=b1 --preset=fast --seed=1 --updates="$updates" --metrics="$metrics" --no_figure \
      --run_dir="$work/run-$1-$2" > /dev/null 2> "$work/log"; } 2> "$work/times" &
  local training=$! url=
  while kill -0 "$training" 2> /dev/null; do
    if [ "$2" = on ]; then
      url=$(sed -n 's/.*metrics on \(http[^ ]*\).*/\1/p' "$work/log")
      if [ -n "$url" ] && curl -sf "$url" > /dev/null; then scrapes=$((scrapes + 1)); fi
    fi
    sleep 1
  done
  wait "$training" || { cat "$work/log" >&2; exit 1; }
  times=$(cat "$work/times")
  echo "$1 $2 $times $scrapes" | awk '{printf "%d %s %.2f %.2f %d\n", $1, $2, $3, $4 + $5, $6}' | tee -a "$work/rows"
}

for ((pair = 1; pair <= pairs; ++pair)); do
  if ((pair % 2)); then order="off on"; else order="on off"; fi
  for metrics in $order; do run "$pair" "$metrics"; done
done
for column in 3 4; do
  awk -v c=$column '{value[$1, $2] = $c} END {for (p = 1; (p, "on") in value; ++p) print value[p, "on"] / value[p, "off"]}' "$work/rows" |
    sort -g | awk -v name="$([ $column = 3 ] && echo wall || echo cpu)" '{r[NR] = $1} END {printf "%s: median ratio on/off %.4f of %d pairs (%.4f to %.4f)\n", name, (r[int((NR + 1) / 2)] + r[int(NR / 2) + 1]) / 2, NR, r[1], r[NR]}'
done
