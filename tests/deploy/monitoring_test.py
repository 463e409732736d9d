#!/usr/bin/env python3
"""deploy/kubernetes/monitoring, as kubectl builds it: the rules and dashboards are the committed ones, the ports are those of the pods, and
the Prometheus operator's own schemas (its Go module) take both objects and notice planted errors. Exit code 77, which ctest counts as
skipped, where kubectl is missing; where the module cannot be had, the schemas alone are skipped, with a line."""

import copy
import glob
import json
import os
import shutil
import subprocess
import sys

import jsonschema
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.92.1"
CRDS = "example/prometheus-operator-crd/monitoring.coreos.com_{}.yaml"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def check(right, what):
    if not right:
        sys.exit(f"FAILED: {what}")


def closed(schema):
    """The same, with no field that it does not name: as the API server prunes and warns of them."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if isinstance(result.get("pattern"), str) and "(?i)" in result["pattern"]:  # Go takes it anywhere
        result["pattern"] = "(?i)" + result["pattern"].replace("(?i)", "")
    if "properties" in result and "additionalProperties" not in result and not result.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False
    return result


def schema_of(folder, plural):
    with open(os.path.join(folder, CRDS.format(plural)), encoding="utf-8") as file:
        versions = yaml.safe_load(file)["spec"]["versions"]
    schema = closed(versions[0]["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def check_schemas(folder, monitor, rule):
    monitors, rules = schema_of(folder, "podmonitors"), schema_of(folder, "prometheusrules")
    jsonschema.validate(monitor, monitors)
    jsonschema.validate(rule, rules)

    def planted(thing, schema, edit):
        broken = copy.deepcopy(thing)
        edit(broken["spec"])
        try:
            jsonschema.validate(broken, schema)
        except jsonschema.ValidationError:
            return
        sys.exit(f"FAILED: a planted error was not noticed: {broken['spec']}")

    planted(monitor, monitors, lambda spec: spec["podMetricsEndpoints"][0].update(interval="often"))
    planted(monitor, monitors, lambda spec: spec["podMetricsEndpoints"][0].update(scrapeInterval="5s"))
    planted(monitor, monitors, lambda spec: spec.pop("selector"))
    planted(rule, rules, lambda spec: spec["groups"][0]["rules"][0].pop("expr"))
    planted(rule, rules, lambda spec: spec["groups"][0]["rules"][0].update({"for": "a while"}))
    return 5


def main():
    if not shutil.which("kubectl"):
        print("SKIPPED: there is no kubectl (Debian: kubernetes-client)", file=sys.stderr)
        return 77
    built = subprocess.run(["kubectl", "kustomize", os.path.join(ROOT, "deploy/kubernetes/monitoring")], check=True, stdout=subprocess.PIPE)
    objects = list(yaml.safe_load_all(built.stdout))
    by_kind = {}
    for thing in objects:
        by_kind.setdefault(thing["kind"], []).append(thing)
    check({kind: len(found) for kind, found in by_kind.items()} == {"ConfigMap": 4, "PodMonitor": 1, "PrometheusRule": 1}, f"kinds: {list(by_kind)}")
    monitor, rule = by_kind["PodMonitor"][0], by_kind["PrometheusRule"][0]

    check(rule["spec"] == yaml.safe_load(read("deploy/prometheus/rules.yaml")), "the rules differ: run deploy/kubernetes/monitoring/generate.sh")

    dashboards = {os.path.basename(path): read(path) for path in glob.glob(os.path.join(ROOT, "deploy/grafana/dashboards/*.json"))}
    seen = {}
    for config in by_kind["ConfigMap"]:
        check(config["metadata"]["labels"].get("grafana_dashboard") == "1", f"{config['metadata']['name']} has no label of the sidecar")
        seen.update(config["data"])
    check(seen == dashboards, f"dashboards: {sorted(seen)}, committed {sorted(dashboards)}")

    job = yaml.safe_load(read("deploy/kubernetes/base/job.yaml"))["spec"]["template"]
    ports = [port["name"] for container in job["spec"]["initContainers"] + job["spec"]["containers"] for port in container["ports"]]
    jobs = {}
    for endpoint in monitor["spec"]["podMetricsEndpoints"]:
        check(endpoint["port"] in ports, f"no container has the port {endpoint['port']}")
        jobs[endpoint["port"]] = endpoint["relabelings"][0]["replacement"]
    check(jobs == {"metrics": "learner", "actor-metrics": "actor"}, f"jobs: {jobs}")
    labels = monitor["spec"]["selector"]["matchLabels"]
    check(labels.items() <= job["metadata"]["labels"].items(), "the monitor selects other pods")

    download = subprocess.run(["go", "mod", "download", "-json", OPERATOR], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                              timeout=120) if shutil.which("go") else None
    if download is None or download.returncode != 0:
        print(f"\n==== SKIPPED: the schemas of {OPERATOR} cannot be had; all else was checked ====\n")
        return 0
    planted = check_schemas(json.loads(download.stdout)["Dir"], monitor, rule)
    alerts = sum("alert" in one for group in rule["spec"]["groups"] for one in group["rules"])
    print(f"{len(objects)} objects, {alerts} alerts, {len(seen)} dashboards; valid by {OPERATOR}, planted errors: {planted}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
