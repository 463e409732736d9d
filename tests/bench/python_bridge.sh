#!/bin/bash
# A CartPole in plain Python through the bridge, one worker and two, beside the same environments stepped in one Python
# process (gymnasium's SyncVectorEnv where PYTHON has gymnasium). In turns, so that what else runs meets all three alike.
#
#   tests/bench/python_bridge.sh [--bin=build/release/bin] [--python=python3] [--lanes=64] [--steps=2000] [--pairs=7]
set -euo pipefail

bin=build/release/bin python=python3 lanes=64 steps=2000 pairs=7
for flag in "$@"; do
  case $flag in
    --bin=*) bin=${flag#*=} ;;
    --python=*) python=${flag#*=} ;;
    --lanes=*) lanes=${flag#*=} ;;
    --steps=*) steps=${flag#*=} ;;
    --pairs=*) pairs=${flag#*=} ;;
    *) echo "python_bridge.sh: unknown flag $flag; see the comment at its top" >&2; exit 42 ;;
  esac
done
here=$(dirname "$0")
export PYTHONPATH=$here
echo "$(nproc) cores; load before it $(cut -d' ' -f1 /proc/loadavg); $lanes environments; steps a second"
{ "$python" "$here/plain_loop.py" 1 10 > /dev/null; } 2>&1 | sed 's/^/plain loop: /'
for ((pair = 0; pair < pairs; ++pair)); do
  plain=$("$python" "$here/plain_loop.py" "$lanes" "$steps" 2> /dev/null)
  one=$("$bin/bridge-bench" "$python" cartpole:CartPole 1 "$lanes" "$steps")
  two=$("$bin/bridge-bench" "$python" cartpole:CartPole 2 "$lanes" "$steps")
  echo "$plain $one $two"
done | awk '
  { printf "plain %8.0f   bridge %8.0f (%.2f of plain)   two workers %8.0f (%.2f of one)\n", $1, $2, $2 / $1, $3, $3 / $2
    a[NR] = $2 / $1; b[NR] = $3 / $2 }
  function median(v, n,   i, j, t) {
    for (i = 2; i <= n; ++i) for (j = i; j > 1 && v[j] < v[j - 1]; --j) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
  }
  END { printf "median: one worker %.2f of plain, two workers %.2f of one\n", median(a, NR), median(b, NR) }'
