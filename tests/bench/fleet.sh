# shellcheck shell=bash disable=SC2154
# A learner and its actors over loopback TCP, for the scripts beside this one, which source it once they know $bin.
# Sets $work, a folder that goes away at the end, and $pids, the processes: the learner first.

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

# fail WORDS: with the ends of the logs
fail() {
  echo "$(basename "$0"): $1" >&2
  tail -n 5 "$work"/*.log >&2 || true
  exit 1
}

# start_fleet NAME ACTORS: runs $work/NAME.textproto into $work/NAME, and returns once the learner serves and the actors
# have been started
start_fleet() {
  local run="$work/$1" actors=$2 address=
  : > "$run.learner.log" # there before it is read
  "$bin/nmn-learner" --config="$run.textproto" --listen=127.0.0.1:0 --metrics=127.0.0.1:0 --run_dir="$run" >> "$run.learner.log" 2>&1 &
  pids=($!)
  while [ -z "$address" ]; do
    kill -0 "${pids[0]}" 2>/dev/null || fail "the learner ended before it served"
    address=$(sed -n 's/.*serving on \([0-9.:]*\).*/\1/p' "$run.learner.log")
    [ -n "$address" ] || sleep 0.05
  done
  for ((i = 1; i <= actors; ++i)); do
    "$bin/nmn-actor" --learner="$address" --actor_id="actor-$i" --metrics=127.0.0.1:0 > "$run.actor-$i.log" 2>&1 &
    pids+=($!)
  done
}
