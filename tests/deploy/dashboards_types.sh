#!/usr/bin/env bash
# Checks the committed dashboards against Grafana's published types (@grafana/schema on npm) with tsc, and that planted errors are
# noticed. Exit code 77, which ctest counts as skipped, where npm or its registry cannot be reached.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
dashboards=$(realpath "$here/../../deploy/grafana/dashboards")
packages=(@grafana/schema@13.2.3 typescript@7.0.2)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

skip() {
  echo "SKIPPED: dashboards are not checked against @grafana/schema: $1" >&2
  exit 77
}
command -v npm >/dev/null || skip "there is no npm"
echo '{"private": true, "type": "module"}' > package.json
timeout 180 npm install --ignore-scripts --no-audit --no-fund --fetch-retries=1 "${packages[@]}" > npm.log 2>&1 ||
  skip "npm install ${packages[*]} failed: $(tail -n 1 npm.log)"

cat > tsconfig.json <<'JSON'
{"compilerOptions": {"strict": true, "noEmit": true, "skipLibCheck": true, "target": "es2022", "module": "esnext",
                     "moduleResolution": "bundler", "types": []},
 "include": ["*.ts"]}
JSON
cp "$here/dashboards_types.ts" .

# literal JSON SED: the dashboard, after an edit, as TypeScript
literal() {
  echo "import type { DashboardJson } from './dashboards_types';"
  echo "export const dashboard: DashboardJson ="
  sed -E "$2" "$1"
}

names=()
for file in "$dashboards"/*.json; do
  names+=("$(basename "$file" .json)")
  literal "$file" '' > "${names[-1]}.ts"
done

# plant DASHBOARD SED: an error that Grafana would take in silence, or fail on
edits=()
plant() {
  edits+=("$1.json: $2")
  literal "$dashboards/$1.json" "$2" > "planted${#edits[@]}.ts"
  ! cmp -s "planted${#edits[@]}.ts" "$1.ts" || { echo "nothing to edit for the planted error ${edits[-1]}" >&2; exit 1; }
}

plant training 's/"showPoints": "never"/"showPoints": "sometimes"/'
plant training 's/"legendFormat"/"legend"/'
plant training 's/"expr"/"expression"/'
plant training 's/"schemaVersion": [0-9]+/"schemaVersion": "39"/'
plant training 's/"graphTooltip": 1/"graphTooltip": 7/'
plant training 's/"mode": "thresholds"/"mode": "threshold"/'
plant fleet 's/"type": "gauge"/"type": "guage"/'
plant fleet 's/"colorMode": "background"/"colorMode": "backdrop"/'
plant fleet 's/"w": /"width": /'
plant compare 's/"refresh": 2/"refresh": 3/'
plant compare 's/"displayMode": "basic"/"displayMode": "plain"/'
plant compare 's/"matcher"/"match"/'
plant runbook 's/"mode": "markdown"/"mode": "md"/'

npx --no-install tsc --project . > tsc.log 2>&1 || true
failed=0
if grep -v '^planted\|^ ' tsc.log; then failed=1; fi
for ((i = 1; i <= ${#edits[@]}; ++i)); do
  grep -q "^planted$i\.ts" tsc.log || { echo "a planted error was not noticed: ${edits[i - 1]}" >&2; failed=1; }
done
echo "dashboards: ${#names[@]} against ${packages[0]}, planted errors: ${#edits[@]}, $([ $failed = 0 ] && echo "all well" || echo FAILED)"
exit $failed
