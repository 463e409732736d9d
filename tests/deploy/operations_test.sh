#!/usr/bin/env bash
# Runs the blocks of docs/operations.md that need no container engine, in a scratch checkout and with a small budget, on this machine's
# ports 50051 and 9464. Those of Compose are run by compose_test.sh.
#
# usage: operations_test.sh BINARIES
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/machine.sh"
binaries=$(realpath "$1")

limit=120
scratch=$(mktemp -d)
mkdir -p "$scratch/build/release"
ln -s "$binaries" "$scratch/build/release/bin"
cd "$scratch"

# Every block and what it starts is a process group, so that none outlives the test.
groups=()
clean_up() {
  for group in "${groups[@]}"; do kill -KILL -- "-$group" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 143' TERM

start_block() {
  setsid bash -euo pipefail -c "$(python3 "$here/blocks.py" "$1")" >"$1.log" 2>&1 &
  group=$!
  groups+=("$group")
}
run_block() {
  start_block "$1"
  wait "$group" || { tail -n 20 "$1.log"; exit 1; }
  echo "$1: done"
}
summary() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/summary.json"))[sys.argv[2]])' "$1" "$2"; }
is_complete() { [[ $(summary "$1" complete) == True ]] || { echo "$1 is not complete" >&2; exit 1; }; }

python3 "$here/blocks.py"
export NMN_UPDATES=60

# Stopped at its first update, if the machine does not finish it before.
start_block one-process
until_true $limit test -s runs/b1/metrics.jsonl
kill -TERM -- "-$group"
wait "$group" || true
run_block one-process-resumed
is_complete runs/b1

run_block three-processes
is_complete runs/b1-apart
here_hash=$(summary runs/b1 weights_sha256)
apart_hash=$(summary runs/b1-apart weights_sha256)
[[ $here_hash == "$apart_hash" ]] || { echo "weights_sha256: $here_hash in one process, $apart_hash in three" >&2; exit 1; }

export LEARNER=127.0.0.1
run_block two-machines-certificates
start_block two-machines-learner
learner=$group
until_true $limit "$binaries/nmn" status "$LEARNER:50051" --tls=certs/actor-fleet-
run_block two-machines-actors
wait "$learner" || { tail -n 20 two-machines-learner.log; exit 1; }
is_complete runs/b1-s2
echo "weights_sha256 in one process, stopped and resumed, and in three: $here_hash"
