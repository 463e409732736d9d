#!/usr/bin/env bash
# kubernetes_test.sh {kustomize|schema} BIN: the manifests of nmn sweep --engine=kubernetes, built by kubectl (any version from
# 1.21; Debian 12 has 1.20, which cannot build a folder that names another).
#   kustomize   equal tests/deploy/kubernetes_golden.yaml, field by field; UPDATE_GOLDEN=1 rewrites it
#   schema      each object is valid, no field unknown, by Kubernetes' published schemas (kubernetes-validate on PyPI), and
#               planted errors are noticed
# Exit code 77, which ctest counts as skipped, where a tool is neither there nor to be had.
set -euo pipefail

mode=$1
bin=$(realpath "$2")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
  echo "SKIPPED: kubernetes_test.sh $mode: $1" >&2
  exit 77
}
fail() {
  echo "FAILED: $1" >&2
  exit 1
}

command -v kubectl >/dev/null || skip "there is no kubectl"
minor=$(kubectl version --client 2>/dev/null | grep -Eo 'v1\.[0-9]+' | head -n 1 | cut -d . -f 2)
[ "${minor:-0}" -ge 21 ] || skip "kubectl is 1.${minor:-?}; 1.21 is the oldest that does"

"$bin/nmn" sweep "$work/sweep" --benchmark=b1,b3 --arch=nmn,rnn --seeds=3-4 --preset=fast --updates=5 \
  --engine=kubernetes --registry=registry.example/nmn --tag=1.0 --jobs=4 >"$work/said"
grep -q "for 8 runs" "$work/said" || fail "$(cat "$work/said")"
kubectl kustomize "$work/sweep/kubernetes" >"$work/built.yaml" 2>"$work/errors" || fail "$(cat "$work/errors")"
[ ! -s "$work/errors" ] || fail "kubectl warns: $(cat "$work/errors")"

case $mode in
  kustomize)
    python3 "$here/kubernetes_normal.py" <"$work/built.yaml" >"$work/normal.yaml"
    [ -z "${UPDATE_GOLDEN:-}" ] || cp "$work/normal.yaml" "$here/kubernetes_golden.yaml"
    diff "$here/kubernetes_golden.yaml" "$work/normal.yaml" || fail "differs from tests/deploy/kubernetes_golden.yaml (UPDATE_GOLDEN=1 rewrites it)"
    echo "$(kubectl version --client 2>/dev/null | head -n 1): $(grep -c '^kind:' "$work/normal.yaml") objects equal the golden file"
    ;;
  schema)
    python3 -m venv "$work/venv" >/dev/null 2>&1 || skip "no python3 -m venv (Debian: python3-venv)"
    timeout 180 "$work/venv/bin/pip" install -q kubernetes-validate==1.37.0 >"$work/pip" 2>&1 ||
      skip "pip install kubernetes-validate failed: $(tail -n 1 "$work/pip")"
    # validate VERSION FILE: 0 where every object is valid
    validate() { "$work/venv/bin/kubernetes-validate" --strict --kubernetes-version "$1" "$2" >"$work/validated" 2>&1; }
    for version in 1.29 1.37; do
      validate $version "$work/built.yaml" || fail "Kubernetes $version: $(grep -v ' passed ' "$work/validated")"
      echo "Kubernetes $version: $(grep -c ' passed ' "$work/validated") objects are valid"
    done
    noticed=0
    plants=('s/completions:/completion:/' 's/action: FailIndex/action: Fail Index/;s/values:/value:/' 's/minAvailable: 3/minAvailable: [3]/'
      's/runAsUser: 10001/runAsUser: nmn/' 's/readOnlyRootFilesystem/readOnlyRoot/' 's/containerPort: 9464/containerPort: metrics/'
      's/accessModes:/accessMode:/' 's/policyTypes:/policies:/')
    for plant in "${plants[@]}"; do
      sed "$plant" "$work/built.yaml" >"$work/planted.yaml"
      ! cmp -s "$work/built.yaml" "$work/planted.yaml" || fail "nothing to edit for the planted error $plant"
      if validate 1.37 "$work/planted.yaml"; then fail "a planted error was not noticed: $plant"; fi
      noticed=$((noticed + 1))
    done
    echo "planted errors noticed: $noticed of ${#plants[@]}"
    ;;
  *) fail "first argument: kustomize or schema" ;;
esac
