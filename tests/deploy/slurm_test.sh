#!/usr/bin/env bash
# slurm_test.sh BIN: nmn sweep --engine=slurm on a real Slurm of two nodes on this machine. 2 architectures x 4 seeds; one
# learner is killed with -9 under way, another task gets SIGTERM, an actor of a third is killed; the sweep ends complete,
# and each run's weights are those of the local engine. The same of a task in Python, without faults. As root on Debian: installs slurm-wlm and munge where they are
# missing.
set -euo pipefail

bin=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/deploy/slurm_cluster.sh
. "$here/slurm_cluster.sh"

skip() {
  echo "SKIPPED: $1"
  exit 77 # ctest counts it as skipped
}
fail() {
  echo "FAILED: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || skip "a Slurm cluster is started as root only"
if ! command -v slurmctld munged >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge; } \
    >/dev/null 2>&1 || skip "slurm-wlm and munge are not installed and cannot be"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/nmn-slurm.XXXXXX")
chmod 755 "$work"
# What a shell, squeue and a list with commas could stumble over.
slurm="$work/a, b's \"\$c\" [1-2]"
clean_up() {
  local code=$?
  if [ "$code" != 0 ] && [ "$code" != 77 ]; then
    tail -n 15 "$work"/cluster/slurmctld.log "$slurm"/logs/* >&2 2>/dev/null || true
  fi
  [ -z "$cluster" ] || stop_cluster
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT

# Runs of seconds. Steps that cost something do not change results; without, a run may be over before it is cut.
tiny=(--benchmark=b1 --preset=reference --set env.step_cost_us=100 --set env.horizon=120 --set ppo.kept_steps=80 --set ppo.segment_steps=40
  --set ppo.episodes_per_update=20 --set ppo.critic.replay_episodes=60 --set ppo.policy.epochs=3 --set ppo.critic.epochs=2
  --set work.unit_episodes=4 --set checkpoint.every_updates=2)
sweep() { # sweep DIR ARGUMENTS..: 8 of them
  local directory=$1
  shift
  "$bin/nmn" sweep "$directory" --arch=nmn,rnn --seeds=1-4 --updates=20 "${tiny[@]}" "$@"
}
status() { "$bin/nmn" sweep status "$slurm" --json; }
count() { status | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
all_done() { [ "$(count "done")" = 8 ]; }
queue_empty() { [ -z "$(squeue --noheader)" ]; }
has_update() { grep -q "\"update\":$2," "$slurm/$1/metrics.jsonl"; }
attempts() { grep -c "attempt .* ended" "$1"; }
hashes_of() { sed -n 's/.*"weights_sha256": "\(.*\)".*/\1/p' "$1"/*-s[0-9]*/summary.json; }
process_of() { # process_of PROGRAM RUN: the newest process of that program with the run's name among its arguments
  pgrep --newest --full "^$bin/$1 .*$2"
}

start_cluster "$work/cluster"
echo "two nodes are up after $SECONDS s"

# Four runs at once.
submitted=$(sweep "$slurm" --engine=slurm --jobs=4 --restarts=3)
echo "$submitted"
grep -q "submitted 8 of 8 runs as array job" <<<"$submitted" || fail "8 tasks were to be submitted"
sweep "$slurm" --engine=slurm | grep -q "nothing to submit" || fail "a second call submitted tasks that Slurm has"

job=$(sed -n 's/.*array job \([0-9]*\).*/\1/p' <<<"$submitted")
kill_learner() {
  wait_for 240 "update 3 of b1-nmn-s1" has_update b1-nmn-s1 3 && kill -9 "$(process_of nmn-learner b1-nmn-s1)" &&
    echo "killed the learner of b1-nmn-s1 after $SECONDS s"
}
# As before a time limit, or by an administrator: SIGTERM to the task's script alone.
stop_task() {
  wait_for 240 "update 3 of b1-rnn-s2" has_update b1-rnn-s2 3 && scancel --batch --signal=TERM "${job}_5" &&
    echo "SIGTERM to the task of b1-rnn-s2 after $SECONDS s"
}
# Its learner must notice nothing but the wait.
kill_actor() {
  local log=$slurm/logs/b1-rnn-s4.log address
  wait_for 240 "update 3 of b1-rnn-s4" has_update b1-rnn-s4 3 &&
    address=$(sed -n 's/.*serving on \([0-9.:]*\).*/\1/p' "$log") && kill -9 "$(process_of nmn-actor "$address")" &&
    echo "killed the actor of b1-rnn-s4 after $SECONDS s"
}
faults=()
for fault in kill_learner stop_task kill_actor; do
  $fault &
  faults+=($!)
done
for fault in "${faults[@]}"; do wait "$fault" || fail "a fault could not be done in time"; done
"$bin/nmn" sweep status "$slurm"

wait_for 300 "the end of 8 runs" all_done || fail "$(status)"
wait_for 60 "an empty queue" queue_empty
echo "8 runs are done after $SECONDS s"
grep -q "b1-nmn-s1: attempt 1 in job .* ended with code 137" "$slurm/logs/task-0.log" || fail "no attempt was cut"
grep -q "b1-nmn-s1: attempt 2 in job .* ended with code 0" "$slurm/logs/task-0.log" || fail "no second attempt"
grep -q "b1-rnn-s2: attempt 1 in job .* ended with code 75" "$slurm/logs/task-5.log" || fail "SIGTERM left no checkpoint"
grep -q "b1-rnn-s2: attempt 2 in job .* ended with code 0" "$slurm/logs/task-5.log" || fail "no second attempt after SIGTERM"
grep -q "b1-rnn-s4: attempt 1 in job .* ended with code 0" "$slurm/logs/task-7.log" || fail "an actor's end ended its run"
[ "$(grep -c 'registered with the learner' "$slurm/logs/b1-rnn-s4.actor1.log")" = 2 ] || fail "no second actor came"

sweep "$work/local" --engine=local --jobs=2 >/dev/null 2>&1 || fail "the local sweep ended with code $?"
[ "$(hashes_of "$work/local" | wc -l)" = 8 ] || fail "the local sweep has not 8 hashes"
diff <(hashes_of "$work/local") <(hashes_of "$slurm") || fail "weights differ between the engines"
echo "8 of 8 weights_sha256 equal the local engine's, after $SECONDS s"

# A task of one's own in Python: what brings it reaches each learner's actor, which finds its module as the caller does.
own() { # own DIR ARGUMENTS..: 2 runs
  local directory=$1
  shift
  (cd "$here/../.." && PYTHONPATH=examples "$bin/nmn" sweep "$directory" --task_python=hidden_wiring:HiddenWiring --python=/usr/bin/python3 \
    --seeds=1-2 --updates=3 --set ppo.episodes_per_update=20 --set ppo.critic.replay_episodes=20 --set work.unit_episodes=5 \
    --set ppo.policy.minibatch_segments=5 --set ppo.critic.minibatch_segments=5 "$@")
}
slurm=$work/own
own "$slurm" --engine=slurm
both_done() { [ "$(count "done")" = 2 ]; }
wait_for 240 "the end of 2 runs of a task in Python" both_done || fail "$(status)"
wait_for 60 "an empty queue" queue_empty
own "$work/own-local" --engine=local --jobs=2 >/dev/null 2>&1 || fail "the local sweep of a task in Python ended with code $?"
[ "$(hashes_of "$work/own-local" | wc -l)" = 2 ] || fail "the local sweep has not 2 hashes"
diff <(hashes_of "$work/own-local") <(hashes_of "$slurm") || fail "weights of a task in Python differ between the engines"
echo "2 of 2 weights_sha256 of a task in Python equal the local engine's, after $SECONDS s"

# Two nodes for one run: the learner is on one of them, an actor on the other. Whoever has no certificate gets nothing.
slurm=$work/spread
spread() { # spread DIR ARGUMENTS..: a run
  local directory=$1
  shift
  "$bin/nmn" sweep "$directory" --arch=nmn --seeds=1 --updates=20 "${tiny[@]}" "$@"
}
spread "$slurm" --engine=slurm --actors=2 --threads=2 --sbatch=--nodes=2 --set env.step_cost_us=150
wait_for 240 "update 3 of the run on two nodes" has_update b1-nmn-s1 3
nodes_of() { # nodes_of PROGRAM: where this run's processes of that program are
  local pid
  for pid in $(pgrep --full "^$bin/$1 .*spread"); do tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^SLURMD_NODENAME=//p'; done | sort -u
}
[ "$(nodes_of nmn-learner | wc -l)" = 1 ] || fail "the learner is on $(nodes_of nmn-learner)"
nodes_of nmn-actor | grep -v -x "$(nodes_of nmn-learner)" || fail "all actors are on the learner's node: $(nodes_of nmn-actor)"
port=$(sed -n 's/.*serving on 0\.0\.0\.0:\([0-9]*\).*/\1/p' "$slurm/logs/b1-nmn-s1.log")
code=0
said=$("$bin/nmn-actor" --learner="127.0.0.1:$port" --connect_timeout=20 2>&1) || code=$?
[[ $code == 42 && $said == *"speaks TLS"* ]] || fail "an actor without a certificate: $code: $said"
find "$slurm/certs" -name '*.key' | grep -c . | grep -q -x 2 || fail "there is a key of an authority: $(find "$slurm/certs")"
[ -z "$(find "$slurm/certs" -perm /077 -name '*.key')" ] || fail "others can read a key"
one_done() { [ "$(count "done")" = 1 ]; }
wait_for 240 "the end of the run on two nodes" one_done || fail "$(status)"
wait_for 60 "an empty queue" queue_empty
[ -z "$(ls "$slurm/certs")" ] || fail "certificates are left: $(ls "$slurm/certs")"
diff <(hashes_of "$work/local" | head -n 1) <(hashes_of "$slurm") || fail "the weights of the run on two nodes differ"
echo "on two nodes over TLS: the local engine's weights, after $SECONDS s"

# A Slurm without RequeueExit: the script itself asks for its task to be queued again. Of the array's last task the job id is
# the array's own, and the other tasks must not feel it.
sed -i '/^RequeueExit=/d' "$SLURM_CONF"
scontrol reconfigure
if scontrol show config | grep -E '^RequeueExit +=.*\b75\b'; then fail "RequeueExit is still set"; fi
slurm=$work/requeue
submitted=$("$bin/nmn" sweep "$slurm" --engine=slurm --arch=rnn --seeds=1-3 --updates=30 "${tiny[@]}")
echo "$submitted"
job=$(sed -n 's/.*array job \([0-9]*\).*/\1/p' <<<"$submitted")
for run in b1-rnn-s1 b1-rnn-s2 b1-rnn-s3; do wait_for 240 "update 3 of $run" has_update $run 3; done
last=$(squeue --noheader --array --format='%A %K' | sed -n "s/^$job //p")
[ "$last" = 2 ] || fail "task 2 was to have the array's own id $job, not: $last"
scancel --batch --signal=TERM "${job}_2"
all_three_done() { [ "$(count "done")" = 3 ]; }
wait_for 300 "the end of 3 runs" all_three_done || fail "$(status)"
wait_for 60 "an empty queue" queue_empty
grep -q "b1-rnn-s3: attempt 1 in job .* ended with code 75" "$slurm/logs/task-2.log" || fail "the task was not cut"
[ "$(attempts "$slurm/logs/task-0.log") $(attempts "$slurm/logs/task-1.log") $(attempts "$slurm/logs/task-2.log")" = "1 1 2" ] ||
  fail "one task was to be queued again: $(cat "$slurm"/logs/task-*.log)"
echo "without RequeueExit one cut task alone was queued again, after $SECONDS s"
