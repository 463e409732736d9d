#!/usr/bin/env bash
# Builds the images and brings deploy/compose.yaml up in an engine of its own: training is seen through Prometheus with 2 and 4 actors; an
# actor and the learner are killed and come back; SIGTERM leaves a checkpoint that `nmn eval` reads; the run goes on from it. Last, a task in
# Python by deploy/compose.task.yaml.
#
# usage: compose_test.sh BINARIES   the folder of nmn, nmn-learner and nmn-actor, which are copied into the images
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/machine.sh"
. "$here/engine.sh"
binaries=$(realpath "$1")
# Everything below is relative to the checkout, whatever path or link it was reached by.
cd "$here/../.."

# Every wait. What is waited for takes seconds on a quiet machine.
limit=120

scratch=$(mktemp -d /tmp/nmn-compose.XXXXXX)
clean_up() {
  local code=$?
  set +e # whatever fails here, the rest must be done
  if ((code != 0 && code != 77)) && [[ -n $engine ]]; then
    compose ps || true
    compose logs --tail=15 || true
  fi
  stop_engine
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
compose() { docker-compose --file=deploy/compose.yaml "$@"; }
# A block of docs/operations.md, with Debian's docker-compose and without Grafana, of which there is no image here.
run_block() {
  (
    docker() {
      [[ $1 == compose ]] || { command docker "$@"; return; }
      shift
      case " $* " in *" up "*) set -- "$@" learner actor prometheus ;; esac
      docker-compose "$@"
    }
    eval "$(python3 "$here/blocks.py" "$1")"
  ) 2>"$scratch/block.log" || { cat "$scratch/block.log" >&2; return 1; }
}
value() { python3 "$here/prometheus.py" "$prometheus" "$1"; }
holds() { until_true $limit value "$1" || { echo "Prometheus: $1 does not hold" >&2; return 1; }; }
# The container of actor N, or of the learner.
actor() { compose ps -q actor | sed -n "$1p"; }
learner() { compose ps -q learner; }
restarted() { (($(docker inspect -f '{{.RestartCount}}' "$1") >= 1)); }
# From outside: `docker kill` would count as a stop that was asked for, after which nothing is started again.
kill_container() { kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$1")"; }
# What Prometheus says of the run now; waits for a learner that is just being started.
updates() { holds 'nmn_run_updates' && value nmn_run_updates; }
further_updates() { local now && now=$(updates) && holds "nmn_run_updates >= $now + 5"; }
image_bytes() { docker image inspect -f '{{.Size}}' "$1"; }
mebibytes() { echo "$(($1 / 1048576)) MiB"; }

install_missing prometheus python3-yaml
start_engine || skip "no container engine on this machine, so no image was built and no project came up"

step "base image"
base_image build/deploy-cache
base=$(image_bytes debian:bookworm-slim)

step "images"
docker/stage.sh "$binaries" build/stage
for target in actor actor-python learner cli; do
  docker build --network=host --file=docker/Dockerfile --target=$target --build-arg=BINARIES=build/stage \
    --tag="nmn-$target:test" . >"$scratch/build.log" 2>&1 || { tail -n 20 "$scratch/build.log"; exit 1; }
  step "nmn-$target: $(mebibytes "$(image_bytes nmn-$target:test)"), $(mebibytes $(($(image_bytes nmn-$target:test) - base))) above the base"
done
added=$(($(image_bytes nmn-actor:test) - base))
((added <= 120000000)) || { echo "the image of an actor adds $added bytes to its base; at most 120 MB" >&2; exit 1; }

# Debian's own Prometheus, at the paths of the published image.
mkdir -p "$scratch/prometheus"
cp /usr/bin/prometheus "$scratch/prometheus/"
cat >"$scratch/prometheus/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
COPY prometheus /bin/
RUN install -d -o nobody -g nogroup /prometheus
USER nobody
ENTRYPOINT ["/bin/prometheus"]
DOCKERFILE
docker build --tag=prometheus:test "$scratch/prometheus" >"$scratch/build.log" 2>&1 || { tail -n 20 "$scratch/build.log"; exit 1; }

"$binaries/nmn" train --benchmark=b1 --preset=fast --updates=1000000 --set work.unit_episodes=5 --set checkpoint.every_updates=10 \
  --print_config >"$scratch/run.textproto"
chmod -R a+rX "$scratch"
NMN_PROMETHEUS_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export COMPOSE_PROJECT_NAME=nmn-test NMN_PROMETHEUS_PORT NMN_TAG=test NMN_PROMETHEUS_IMAGE=prometheus:test NMN_CONFIG_FILE=$scratch/run.textproto
prometheus=http://127.0.0.1:$NMN_PROMETHEUS_PORT

step "up, with 2 actors"
run_block compose-up
holds 'sum(up{job="actor"}) == 2'
holds 'nmn_actors_connected == 2'
further_updates
step "2 actors: update $(updates)"

run_block compose-scale
holds 'sum(up{job="actor"}) == 4'
holds 'nmn_actors_connected == 4'
further_updates
step "4 actors: update $(updates), $(value 'round(rate(nmn_environment_steps_total[30s]))') environment steps/s"

docker ps -q | xargs python3 "$here/containers.py"

# Whoever joins the network without a certificate gets nothing, in plain text or with one of its own making.
network=$(docker inspect -f '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}' "$(learner)")
stranger() { docker run --rm --network="$network" "$@" --learner=learner:50051 --connect_timeout=20 2>&1; }
code=0
said=$(stranger nmn-actor:test --insecure) || code=$?
[[ $code == 42 && $said == *"speaks TLS, and there is no certificate here"* ]] || { echo "in plain text: $code: $said" >&2; exit 1; }
"$binaries/nmn" certs init "$scratch/foreign" >/dev/null
"$binaries/nmn" certs issue "$scratch/foreign" --actor='actor-*' >/dev/null
chmod -R a+rX "$scratch/foreign"
code=0
said=$(stranger --volume="$scratch/foreign/actor-actor-:/tls:ro" nmn-actor:test --tls=/tls) || code=$?
[[ $code == 42 && $said == *"is signed by another authority"* ]] || { echo "with a foreign certificate: $code: $said" >&2; exit 1; }
# Nor are metrics read without one.
reads() { docker run --rm --network="$network" "$@" nmn-actor:test --health --metrics=learner:9464 2>&1; }
if said=$(reads) || [[ $said != *"it speaks TLS"* ]]; then
  echo "metrics in plain text: $said" >&2
  exit 1
fi
if said=$(reads --env=NMN_METRICS_TLS=server) || [[ $said != *"certificate required"* ]]; then
  echo "metrics without a certificate: $said" >&2
  exit 1
fi
holds 'nmn_actors_connected == 4'
holds 'sum(nmn_tls_refused_total{reason="plain_text",job="learner"}) >= 1'
step "strangers on the network: refused"

victim=$(actor 1)
kill_container "$victim"
until_true $limit restarted "$victim"
further_updates
holds 'nmn_actors_connected == 4'
step "an actor killed and back: update $(updates)"

before=$(updates)
kill_container "$(learner)"
until_true $limit restarted "$(learner)"
# The difference is the update that this process began with: that of a checkpoint.
holds "nmn_run_updates > $before and nmn_run_updates - nmn_updates_total > 0"
holds 'nmn_actors_connected == 4'
step "the learner killed and back: from update $before to $(updates)"

run_block compose-stop
code=$(docker inspect -f '{{.State.ExitCode}}' "$(learner)")
((code == 75)) || { echo "SIGTERM: exit code $code; 75 says that a checkpoint was saved" >&2; exit 1; }
run_block compose-eval >"$scratch/eval.json"
step "SIGTERM: exit code 75; $(tail -n 1 "$scratch/eval.json" | cut -c 1-100)"
stopped_at=$(compose run --rm -T --entrypoint=tail cli -n 1 /runs/run/metrics.jsonl |
  python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["update"])')

run_block compose-go-on
holds "nmn_run_updates - nmn_updates_total == $stopped_at"
holds 'nmn_actors_connected == 4'
further_updates
step "resumed: from update $stopped_at to $(updates)"

python3 "$here/expressions.py" "$prometheus" --wait=120
step "every expression of rules and dashboards gives data"

# A task of the user's own: the learner has its config, an actor with Python its code.
compose down --timeout=30
export NMN_RUN=task NMN_TASK_FOLDER=$scratch/tasks NMN_TASK_PYTHON=hidden_wiring:HiddenWiring
mkdir "$NMN_TASK_FOLDER"
cp examples/hidden_wiring.py "$NMN_TASK_FOLDER"
PYTHONPATH=$NMN_TASK_FOLDER "$binaries/nmn" train --task_python="$NMN_TASK_PYTHON" --python=/usr/bin/python3 --updates=3 --print_config >"$scratch/run.textproto"
chmod -R a+rX "$scratch"
with_task() { docker-compose --file=deploy/compose.yaml --file=deploy/compose.task.yaml "$@"; }
with_task up --detach --scale actor=2 learner actor
ended() { [[ $(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(with_task ps -q learner)") == "exited 0" ]]; }
until_true $limit ended || { with_task logs --tail=15; echo "the run of a task in Python did not end" >&2; exit 1; }
step "a task of the user's own, in Python: $(compose run --rm -T --entrypoint=tail cli -n 1 /runs/task/metrics.jsonl | cut -c 1-60)"
